/** What became of the rows of tables between any two backups of a database. */
import { type Meta, NotFoundError } from "@datadb/protocol";
import type { Connection } from "../../connection.ts";
import { findEntry } from "../../tree/find-entry.ts";
import { nodeCache } from "../../tree/node-cache.ts";
import { readContent } from "../backup/read-content.ts";
import { MANIFEST_PATH, type TableManifest } from "../manifest/manifest.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import type { RowChanges } from "./row-matcher.ts";
import { tableChanges, versionOf } from "./table-changes.ts";

/** Metas of a file that differs, null where it is not. */
interface ChangedFile {
  path: string;
  before: Pick<Meta, "chunk" | "list" | "size"> | null;
  after: Pick<Meta, "chunk" | "list" | "size"> | null;
}

/** Null for a file that is no table in one of the backups, and for rows that cannot be compared. */
export type CompareTable = (file: ChangedFile) => Promise<RowChanges | null>;

/**
 * `from` and `to`: hex ids of the root metas. Null when one of them is no backup of a database.
 *
 * @throws DAMAGED, FORMAT_TOO_NEW for a manifest that cannot be read.
 */
export async function compareTables(
  connection: Connection,
  from: string,
  to: string,
): Promise<CompareTable | null> {
  const older = await tablesOf(connection, from);
  const newer = await tablesOf(connection, to);
  if (older === null || newer === null) return null;
  const { hash } = await connection.facts();
  return async ({ path, before, after }) => {
    const [left, right] = [older.get(path), newer.get(path)];
    if ((left === undefined && right === undefined) || (before && !left) || (after && !right)) return null;
    return await tableChanges(
      connection,
      hash,
      left && before ? { manifest: left, version: versionOf(before) } : undefined,
      right && after ? { manifest: right, version: versionOf(after) } : undefined,
    );
  };
}

async function tablesOf(connection: Connection, ref: string): Promise<Map<string, TableManifest> | null> {
  const { hash } = await connection.facts();
  try {
    const meta = await findEntry(nodeCache(connection, hash).fetch, hash, ref, MANIFEST_PATH);
    const { tables } = readManifest(await readContent(connection, hash, meta));
    return new Map(tables.map((table) => [table.path, table]));
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}
