/** What a backup of a database says of itself. */
import { ROW_SETTINGS } from "../connect/session-settings.ts";
import {
  MANIFEST_FORMAT,
  type PostgresManifest,
  type Selection,
  type TableName,
} from "../manifest/manifest.ts";
import type { DatabaseView } from "./open-backup.ts";
import type { PostgresSource } from "./postgres-source.ts";
import { selectionOf } from "./select-tables.ts";
import type { TakenContent } from "./take-content.ts";

export function manifestOf(
  source: PostgresSource,
  { version, versionNumber, encoding }: { version: string; versionNumber: number; encoding: string },
  content: TakenContent,
  view: DatabaseView,
): PostgresManifest {
  return {
    format: MANIFEST_FORMAT,
    server: { version, versionNumber, encoding },
    ...content.facts,
    selection: withDefinitions(selectionOf(source), content, view),
    session: { ...ROW_SETTINGS },
    tables: content.tables,
    largeObjects: view.largeObjects.length,
  };
}

/** Names the chosen tables of which there are no rows. */
function withDefinitions(
  selection: Selection | null,
  { tables }: TakenContent,
  view: DatabaseView,
): Selection | null {
  const read = new Set(tables.map(({ schema, name }) => `${schema}\0${name}`));
  const others = [...view.tables, ...view.chosenPartitioned].filter(
    ({ schema, name }) => !read.has(`${schema}\0${name}`),
  );
  if (selection === null || selection.dataOnly || others.length === 0) return selection;
  return {
    ...selection,
    withoutRows: others.map(({ schema, name }): TableName => [schema, name]).sort(byName),
  };
}

function byName(one: TableName, other: TableName): number {
  const [left, right] = [one.join("\0"), other.join("\0")];
  return left < right ? -1 : 1;
}
