/** Which records the index knows, leaving out those whose pack is gone and those that are damaged. */
import { recordSize } from "@datadb/protocol";
import type { IndexedShelf } from "./indexed-shelf.ts";
import { decodeLocation, isDistrusted } from "./location.ts";

/** Whether a record counts as absent for writers: its bytes are gone with their pack, or were found to be damaged. */
export function isAbsent(shelf: IndexedShelf, value: Buffer): boolean {
  return isDistrusted(value) || isLost(shelf, value);
}

/** Whether the bytes that an index value points to are gone with their pack. */
export function isLost(shelf: IndexedShelf, value: Buffer): boolean {
  if (shelf.lostFrom.size === 0) return false;
  const location = decodeLocation(value);
  const from = shelf.lostFrom.get(location.pack);
  return from !== undefined && location.offset + recordSize(location, shelf.place.nameLength) > from;
}

/**
 * 1 for each key that the index has. A record of a lost pack, or a damaged one, counts as absent: the next backup then puts it again, where
 * "present" would make it rely on nothing.
 */
export function knownMany(shelf: IndexedShelf, keys: readonly Buffer[]): Uint8Array {
  const values = shelf.place.index.getMany(keys);
  const known = new Uint8Array(keys.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value !== undefined && !isAbsent(shelf, value)) known[index] = 1;
  }
  return known;
}
