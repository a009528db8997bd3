/** Lists: values by unsigned 64-bit index, in order of the indexes, with gaps. */
import { decodeIndex, encodeIndex } from "@datadb/protocol";
import type { RangeOptions, View } from "../database.ts";
import { collectEntries } from "./collect-entries.ts";
import { countOf, expectType } from "./header.ts";

export interface ListRange {
  /** First index, included. */
  from?: bigint;
  /** Last index, included. */
  to?: bigint;
  reverse?: boolean;
  limit?: number;
}

const MAX_INDEX = 2n ** 64n - 1n;

/** The number of indexes that have a value. Throws WRONGTYPE. */
export function listLength(view: View, database: Buffer, key: Buffer): number {
  return countOf(expectType(view.header(database, key), "list"));
}

/** The value at an index, or null. Throws WRONGTYPE. */
export function listGet(view: View, database: Buffer, key: Buffer, index: bigint): Buffer | null {
  if (expectType(view.header(database, key), "list") === undefined) return null;
  return view.element(database, key, encodeIndex(index)) ?? null;
}

/** Indexes and values within a range. Rejects with WRONGTYPE. */
export async function listRange(
  view: View,
  database: Buffer,
  key: Buffer,
  range: ListRange = {},
): Promise<[bigint, Buffer][]> {
  if (expectType(view.header(database, key), "list") === undefined) return [];
  const { from, to, reverse, limit } = range;
  const options: RangeOptions = {
    ...(from === undefined ? {} : { from: encodeIndex(from) }),
    ...(to === undefined || to >= MAX_INDEX ? {} : { to: encodeIndex(to + 1n) }),
    ...(reverse === undefined ? {} : { reverse }),
    ...(limit === undefined ? {} : { limit }),
  };
  const entries = await collectEntries(view.elements(database, key, options));
  return entries.map(([index, value]) => [decodeIndex(index), value]);
}
