/** A database that lost all its rows looks like a mistake. */
import { EmptySourceError } from "@datadb/protocol";
import type { PostgresManifest } from "../manifest/manifest.ts";

/** Throws EMPTY_SOURCE for a database without rows whose previous backup had some. */
export function refuseEmptied(
  manifest: PostgresManifest,
  before: PostgresManifest | null,
  { name, options }: { name: string; options: { allowEmpty?: boolean } },
): void {
  const rows = ({ tables }: PostgresManifest): number => tables.reduce((sum, table) => sum + table.rows, 0);
  if (options.allowEmpty || before === null || rows(before) === 0 || rows(manifest) > 0) return;
  if (manifest.selection?.schemaOnly) return;
  throw new EmptySourceError(
    `${name} has no rows, and its previous backup had ${rows(before)}; no backup was made`,
    { next: "is it the right database? If it is meant to be empty, allow it: --allow-empty" },
  );
}
