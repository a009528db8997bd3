/** Cuts the end of a pack off, where no record is any more. */
import { untilAborted } from "../until-aborted.ts";
import { cutKey, cutKeyRange, decodeProgress, encodeProgress, packKey, packOfKey } from "./location.ts";
import { cutPack, packPath } from "./pack-lifecycle.ts";
import type { Shelf } from "./shelf.ts";

/**
 * Shortens a sealed pack to `length` bytes; what the index had behind that is elsewhere, or nowhere. First the index says so durably, and with
 * it all that it was told before: else the next opening would take what is left of the end for records that it does not know yet.
 */
export async function shortenPack(
  shelf: Shelf,
  number: number,
  length: number,
  signal?: AbortSignal,
): Promise<void> {
  const { handles, index } = shelf.place;
  // Who looked a record up before looks again; who reads already is waited for.
  shelf.cutAt.set(number, length);
  await untilAborted(handles.drain(packPath(shelf, number)), signal);
  const bytes = encodeProgress(length);
  const puts: [Buffer, Buffer][] = [
    [cutKey(shelf.kind, number), bytes],
    [packKey(shelf.kind, number), bytes],
  ];
  await index.write(puts, [], { durable: true });
  await cut(shelf, number, length);
}

/** Ends what an earlier process began. */
export async function finishCuts(shelf: Shelf): Promise<void> {
  const { place, packs } = shelf;
  for await (const [key, value] of place.index.entries(...cutKeyRange(shelf.kind))) {
    const [number, length] = [packOfKey(key), decodeProgress(value)];
    if (place.readOnly) shelf.cutAt.set(number, length);
    else await cut(shelf, number, packs.has(number) ? length : null);
  }
}

/** Null: the pack is gone since. */
async function cut(shelf: Shelf, number: number, length: number | null): Promise<void> {
  const { place, kind } = shelf;
  const path = packPath(shelf, number);
  if (length !== null && ((await place.fs.stat(path))?.size ?? 0) > length)
    await cutPack(place, path, length);
  // Durably: what is appended later must not be taken for the end that was to go.
  await place.index.write([], [cutKey(kind, number)], { durable: true });
}
