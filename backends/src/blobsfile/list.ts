/** list of the blobsfile backend: packs read from beginning to end. */
import type { PackListing, RecordInfo } from "../backend.ts";
import { packPath } from "./pack-lifecycle.ts";
import { packName } from "./pack-name.ts";
import { scanPack } from "./scan-pack.ts";
import type { Shelf } from "./shelf.ts";

/** Accepted bytes of the pack that is being appended to: beyond them a write may be under way. */
function endOf(shelf: Shelf, number: number): number {
  return shelf.current?.number === number ? shelf.current.length : Number.POSITIVE_INFINITY;
}

/** See Backend.list. */
export async function* list(shelf: Shelf, signal?: AbortSignal): AsyncGenerator<PackListing> {
  const { kind } = shelf;
  // Ends are taken before the first read: what is accepted later belongs to a later list.
  const packs = [...shelf.packs]
    .sort((a, b) => a - b)
    .map((number) => ({ number, end: endOf(shelf, number) }));
  for (const { number, end } of packs) {
    const pack = packName(kind, number);
    for await (const piece of scanPack(shelf.place, kind, packPath(shelf, number), { from: 0, to: end })) {
      signal?.throwIfAborted();
      const records = piece.records.map(
        ({ offset, name, encoding, base, length, payloadLength }): RecordInfo => {
          return { kind, name, encoding, base, length, payloadLength, pack, offset };
        },
      );
      const listing: PackListing = { pack, kind, records, damaged: piece.damaged };
      if (piece.torn !== undefined) listing.torn = piece.torn;
      yield listing;
    }
  }
}
