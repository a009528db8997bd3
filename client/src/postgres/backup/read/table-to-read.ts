/** A chosen table with all that its reading needs. */
import { tablePath } from "../../manifest/table-path.ts";
import type { ChosenTable } from "../select-tables.ts";

export interface TableToRead extends ChosenTable {
  path: string;
  /** On the server, with what is out of line. */
  bytes: number;
  order: "key" | "physical";
  /** Whether several sessions may read parts of it. */
  splittable: boolean;
  /** Where the names in a filter are found, as SQL. */
  searchPath: string;
}

/** In the order in which they are read: the small ones first, so that the most locks are given back the soonest. */
export function tablesToRead(
  tables: readonly ChosenTable[],
  sizes: ReadonlyMap<number, number>,
  searchPath: string,
  versionNumber: number,
): TableToRead[] {
  const all = tables.map((table): TableToRead => {
    // Pages can be read by range from 14 on; before, each range would read the whole table.
    const byPlace = table.heap && versionNumber >= 140000;
    return {
      ...table,
      path: tablePath(table.schema, table.name),
      bytes: sizes.get(table.oid) ?? 0,
      order: table.key === null ? "physical" : "key",
      splittable: table.filter === null && table.heap && (table.key === null ? byPlace : table.key.trusted),
      searchPath,
    };
  });
  return all.sort((a, b) => a.bytes - b.bytes || (a.path < b.path ? -1 : 1));
}
