/** Whether a view would be filled from tables that came without their rows. */
import type { PostgresManifest } from "../../manifest/manifest.ts";
import { keyOf, namesIn, type ObjectName, shownName } from "../script/object-name.ts";
import type { RestoreSelection } from "./select-objects.ts";

/** What is told of such a view. */
export function notFilled(view: ObjectName): string {
  return `${shownName(view)} is not filled: what it reads came without rows; REFRESH MATERIALIZED VIEW when they are there`;
}

/** `view` is named as in the backup; of the tables those count that are made by the selection. */
export function readsAbsentRows(
  view: ObjectName,
  selection: RestoreSelection,
  manifest: PostgresManifest,
): boolean {
  if (selection.whole) return false;
  const { preData, tables, hasView, nameOf } = selection;
  const loaded = new Set(tables.map(keyOf));
  const absent = new Set(
    manifest.tables
      .filter((table) => table.rows > 0 && hasView(table) && !loaded.has(keyOf(table)))
      .map((table) => keyOf(nameOf(table))),
  );
  const reached = new Set([keyOf(nameOf(view))]);
  // What is reached meanwhile is visited too.
  for (const key of reached) {
    if (absent.has(key)) return true;
    for (const { subject, tokens } of preData)
      if (subject !== null && keyOf(subject) === key)
        for (const name of namesIn(tokens)) reached.add(keyOf(name));
  }
  return false;
}
