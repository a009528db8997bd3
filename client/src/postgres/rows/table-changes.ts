/** The changes of all tables of a database from one backup to the next. */
import type { HashAlgorithm, Meta } from "@datadb/protocol";
import type { Connection } from "../../connection.ts";
import type { TableManifest } from "../manifest/manifest.ts";
import { rowChanges, type TableVersion } from "./row-changes.ts";
import type { RowChanges } from "./row-matcher.ts";

/** A table on one side. */
export interface TableSide {
  manifest: TableManifest;
  version: TableVersion;
}

/** Of a table that is new all rows were inserted, of one that is gone all were deleted. Null: what the rows are cannot be compared. */
export async function tableChanges(
  connection: Connection,
  hash: HashAlgorithm,
  before: TableSide | undefined,
  after: TableSide | undefined,
): Promise<RowChanges | null> {
  if (before === undefined || after === undefined)
    return { inserted: after?.manifest.rows ?? 0, updated: 0, deleted: before?.manifest.rows ?? 0 };
  if (before.manifest.root === after.manifest.root) return { inserted: 0, updated: 0, deleted: 0 };
  if (before.manifest.format !== "text" || after.manifest.format !== "text") return null;
  const fields = keyFields(after.manifest);
  // Another key, or in another place: rows of both sides would not find each other.
  if (JSON.stringify(fields) !== JSON.stringify(keyFields(before.manifest))) return null;
  return await rowChanges(connection, hash, before.version, after.version, fields);
}

function keyFields({ key, columns }: TableManifest): number[] | null {
  return key === null ? null : key.columns.map((column) => columns.indexOf(column));
}

/** The version that a meta refers to. */
export function versionOf({ chunk, list, size }: Pick<Meta, "chunk" | "list" | "size">): TableVersion {
  return { ref: { ...(chunk && { chunk }), ...(list && { list }) }, bytes: size };
}
