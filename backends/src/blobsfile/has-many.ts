/** hasMany and the look-up of locations in the blobsfile backend. */
import { setImmediate } from "node:timers/promises";
import { knownMany } from "./known-many.ts";
import { recordKeys } from "./location.ts";
import type { Shelf } from "./shelf.ts";

/** Index look-ups are synchronous: this many names take about 10 ms, then others get their turn. */
const SLICE_NAMES = 4096;

/** See Backend.hasMany. */
export async function hasMany(
  shelf: Shelf,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const result = new Uint8Array(names.length);
  for (let at = 0; at < names.length; at += SLICE_NAMES) {
    if (at > 0) await setImmediate();
    signal?.throwIfAborted();
    const slice = names.slice(at, at + SLICE_NAMES);
    result.set(knownMany(shelf, recordKeys(shelf.kind, slice)), at);
    if (shelf.pending.size === 0) continue;
    slice.forEach((name, index) => {
      const entry = shelf.pending.get(name.toString("latin1"));
      if (entry !== undefined) result[at + index] = entry.value === null ? 0 : 1;
    });
  }
  return result;
}

/** The index value of each name, accepted records included; undefined where absent. */
export function findValues(shelf: Shelf, names: readonly Buffer[]): (Buffer | undefined)[] {
  const values = shelf.place.index.getMany(recordKeys(shelf.kind, names));
  if (shelf.pending.size === 0) return values;
  return values.map((value, index) => shelf.pending.get(names[index]!.toString("latin1"))?.value ?? value);
}
