/** hasMany of the encrypt backend. */
import { setImmediate } from "node:timers/promises";
import type { RecordKind } from "@datadb/protocol";
import { recordKeys } from "../blobsfile/location.ts";
import type { Vault } from "./vault.ts";

/** Names are made synchronously: this many take about 10 ms, then others get their turn. */
const SLICE_NAMES = 4096;

/** Places of the names that may be there: those that the index does not surely lack. */
function candidates({ inner, index, notes }: Vault, kind: RecordKind, names: readonly Buffer[]): number[] {
  const places = [...names.keys()];
  // The index of cold data grows only as that is read.
  if (index.lacks === undefined || inner.capabilities.cold || !notes.isComplete()) return places;
  const keys = recordKeys(kind, names);
  return places.filter((at) => !index.lacks?.(keys[at]!));
}

/**
 * See Backend.hasMany. A backup whose content is new needs no stored names for the question. Should the index lack what came in some other way than through
 * this place, then that is put in vain: putMany asks the wrapped backend alone.
 */
export async function hasMany(
  vault: Vault,
  kind: RecordKind,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const result = new Uint8Array(names.length);
  for (let from = 0; from < names.length; from += SLICE_NAMES) {
    if (from > 0) await setImmediate();
    const slice = names.slice(from, from + SLICE_NAMES);
    const places = candidates(vault, kind, slice);
    if (places.length === 0) continue;
    const asked = places.map((at) => slice[at]!);
    const there = await vault.inner.hasMany(kind, vault.names.all(kind, asked), signal);
    for (const [at, place] of places.entries()) result[from + place] = there[at]!;
  }
  return result;
}
