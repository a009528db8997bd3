/** hasMany and the look-up of locations in an index, whatever the packs are made of. */
import { setImmediate } from "node:timers/promises";
import type { IndexedShelf } from "./indexed-shelf.ts";
import { knownMany } from "./known-many.ts";
import { lacksName } from "./lacks-name.ts";
import { recordKeys } from "./location.ts";

/** Index look-ups are synchronous: this many names take about 10 ms, then others get their turn. */
const SLICE_NAMES = 4096;

/** See Backend.hasMany. */
export async function hasMany(
  shelf: IndexedShelf,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const result = new Uint8Array(names.length);
  for (let at = 0; at < names.length; at += SLICE_NAMES) {
    if (at > 0) await setImmediate();
    signal?.throwIfAborted();
    lookUp(shelf, names, at, Math.min(at + SLICE_NAMES, names.length), result);
  }
  return result;
}

/** Sets `result` for the names from `from` to `to`. Only names that are not pending cost a look into the index. */
function lookUp(
  shelf: IndexedShelf,
  names: readonly Buffer[],
  from: number,
  to: number,
  result: Uint8Array,
): void {
  const { pending } = shelf;
  const lacks = lacksName(shelf.place.index, shelf.kind);
  const settled: Buffer[] = [];
  const places: number[] = [];
  for (let at = from; at < to; at++) {
    const name = names[at]!;
    const entry = pending.get(name);
    if (entry !== undefined) {
      result[at] = entry.value === null ? 0 : 1;
      continue;
    }
    if (lacks?.(name)) continue;
    settled.push(name);
    places.push(at);
  }
  if (settled.length === 0) return;
  const known = knownMany(shelf, recordKeys(shelf.kind, settled));
  for (let index = 0; index < places.length; index++) result[places[index]!] = known[index]!;
}

/** The index value of each name, accepted records included; undefined where absent. */
export function findValues(shelf: IndexedShelf, names: readonly Buffer[]): (Buffer | undefined)[] {
  const values = shelf.place.index.getMany(recordKeys(shelf.kind, names));
  if (shelf.pending.size === 0) return values;
  return values.map((value, index) => shelf.pending.get(names[index]!)?.value ?? value);
}
