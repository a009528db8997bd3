/** hasMany of the encrypt backend. */
import { setImmediate } from "node:timers/promises";
import type { RecordKind } from "@datadb/protocol";
import { lacksName } from "../blobsfile/lacks-name.ts";
import type { Vault } from "./vault.ts";

/** Names are made synchronously: this many take about 10 ms, then others get their turn. */
const SLICE_NAMES = 4096;

/** Places of the names that may be there: those that the index does not surely lack. */
function candidates(
  { inner, index, notes }: Vault,
  kind: RecordKind,
  names: readonly Buffer[],
  from: number,
): number[] {
  const to = Math.min(names.length, from + SLICE_NAMES);
  // The index of cold data grows only as that is read.
  const lacks = inner.capabilities.cold || !notes.isComplete() ? null : lacksName(index, kind);
  const places: number[] = [];
  for (let at = from; at < to; at++) if (!lacks?.(names[at]!)) places.push(at);
  return places;
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
    const places = candidates(vault, kind, names, from);
    if (places.length === 0) continue;
    const asked = places.map((at) => names[at]!);
    const there = await vault.inner.hasMany(kind, vault.names.all(kind, asked), signal);
    for (let at = 0; at < places.length; at++) result[places[at]!] = there[at]!;
  }
  return result;
}
