/** Hashes, packed or spread. Buffers are views that must not be changed. */
import type { Entry, RangeOptions, View } from "../database.ts";
import { collectEntries, inRange } from "./collect-entries.ts";
import { countOf, expectType, HASH_FORM } from "./header.ts";
import { packedCount, packedEntries, packedGet } from "./packed-hash.ts";

/** The value of a field, or null. Throws WRONGTYPE. */
export function hashGet(view: View, database: Buffer, key: Buffer, field: Buffer): Buffer | null {
  const header = expectType(view.header(database, key), "hash");
  if (header === undefined) return null;
  const spread = header[1] === HASH_FORM.spread;
  return (spread ? view.element(database, key, field) : packedGet(header, field)) ?? null;
}

/** The number of fields, 0 for an absent key. Throws WRONGTYPE. */
export function hashLength(view: View, database: Buffer, key: Buffer): number {
  const header = expectType(view.header(database, key), "hash");
  if (header === undefined) return 0;
  return header[1] === HASH_FORM.spread ? countOf(header) : packedCount(header);
}

/** Fields and values in byte order of the fields; at once for a small hash. Throws (at once) WRONGTYPE. */
export function hashEntries(
  view: View,
  database: Buffer,
  key: Buffer,
  range: RangeOptions = {},
): Entry[] | Promise<Entry[]> {
  const header = expectType(view.header(database, key), "hash");
  if (header === undefined) return [];
  if (header[1] === HASH_FORM.spread) return collectEntries(view.elements(database, key, range));
  const { from, to, reverse, limit } = range;
  let entries = packedEntries(header);
  if (from !== undefined || to !== undefined) entries = entries.filter(([field]) => inRange(field, range));
  if (reverse) entries.reverse();
  return limit === undefined ? entries : entries.slice(0, limit);
}
