/** The field of a backup that tells what became of rows since the one before. */
import type { Connection, StoreFacts } from "../../connection.ts";
import type { PostgresManifest } from "../manifest/manifest.ts";
import { type TableSide, tableChanges, versionOf } from "../rows/table-changes.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { PreviousTables } from "./previous-tables.ts";

/**
 * JSON: for each table with changes, by path, rows inserted, updated and deleted; undefined when there is no backup before. Everything that the
 * new backup refers to is accepted.
 */
export async function changesField(
  connection: Connection,
  { hash }: StoreFacts,
  manifest: PostgresManifest,
  files: BackupFiles,
  previous: PreviousTables,
): Promise<Record<string, string>> {
  if (previous.manifest === null) return {};
  const before = new Map(previous.manifest.tables.map((table) => [table.path, table]));
  const after = new Map(manifest.tables.map((table) => [table.path, table]));
  const changes: Record<string, [number, number, number]> = {};
  for (const path of new Set([...after.keys(), ...before.keys()])) {
    const older = before.get(path);
    const newer = after.get(path);
    if (older !== undefined && older.root === newer?.root) continue;
    const found = await tableChanges(
      connection,
      hash,
      older && oldSide(older, previous),
      newer && { manifest: newer, version: files.files.get(path)! },
    ).catch(() => null); // what an old backup has lost is no reason to fail the new one
    if (found !== null) changes[path] = [found.inserted, found.updated, found.deleted];
  }
  return { "pg.changes": JSON.stringify(changes) };
}

function oldSide(manifest: TableSide["manifest"], previous: PreviousTables): TableSide {
  return { manifest, version: versionOf(previous.files.get(manifest.path) ?? { size: 0 }) };
}
