/** Sets, in byte order of their members. */
import type { RangeOptions, View } from "../database.ts";
import { collectEntries } from "./collect-entries.ts";
import { countOf, expectType } from "./header.ts";

/** The number of members. Throws WRONGTYPE. */
export function setSize(view: View, database: Buffer, key: Buffer): number {
  return countOf(expectType(view.header(database, key), "set"));
}

/** Whether the member is there. Throws WRONGTYPE. */
export function setHas(view: View, database: Buffer, key: Buffer, member: Buffer): boolean {
  if (expectType(view.header(database, key), "set") === undefined) return false;
  return view.element(database, key, member) !== undefined;
}

/** Members within a range. Rejects with WRONGTYPE. */
export async function setMembers(
  view: View,
  database: Buffer,
  key: Buffer,
  range: RangeOptions = {},
): Promise<Buffer[]> {
  if (expectType(view.header(database, key), "set") === undefined) return [];
  const entries = await collectEntries(view.elements(database, key, range));
  return entries.map(([member]) => member);
}
