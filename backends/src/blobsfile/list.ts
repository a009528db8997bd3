/** list of the blobsfile backend: packs read from beginning to end. */
import type { PackFacts, PackListing, RecordInfo } from "../backend.ts";
import { systemCode } from "./file-error.ts";
import { hasDamagedHeader } from "./mend-header.ts";
import { packPath } from "./pack-lifecycle.ts";
import { packName } from "./pack-name.ts";
import { type ScanPiece, scanPack } from "./scan-pack.ts";
import type { Shelf } from "./shelf.ts";

/** Accepted bytes of the pack that is being appended to: beyond them a write may be under way. */
function endOf(shelf: Shelf, number: number): number {
  return shelf.current?.number === number ? shelf.current.length : Number.POSITIVE_INFINITY;
}

/** A pack that a compaction deleted meanwhile is none any more. */
async function* scanIfThere(shelf: Shelf, number: number, to: number): AsyncGenerator<ScanPiece> {
  try {
    yield* scanPack(shelf.place, shelf.kind, packPath(shelf, number), { from: 0, to });
  } catch (error) {
    if (shelf.packs.has(number) || systemCode(error) !== "ENOENT") throw error;
  }
}

/** See Backend.list. */
export async function* list(shelf: Shelf, signal?: AbortSignal, only?: string): AsyncGenerator<PackListing> {
  const { kind } = shelf;
  // Ends are taken before the first read: what is accepted later belongs to a later list.
  const packs = [...shelf.packs]
    .sort((a, b) => a - b)
    .map((number) => ({ number, end: endOf(shelf, number) }));
  for (const { number, end } of packs) {
    const before = shelf.cutAt.get(number);
    const pack = packName(kind, number);
    if (only !== undefined && pack !== only) continue;
    for await (const piece of scanIfThere(shelf, number, end)) {
      signal?.throwIfAborted();
      const records = piece.records.map(
        ({ offset, name, encoding, base, length, payloadLength }): RecordInfo => {
          return { kind, name, encoding, base, length, payloadLength, pack, offset };
        },
      );
      const listing: PackListing = { pack, kind, records, damaged: piece.damaged };
      // Torn by a compaction, it is no damage.
      if (piece.torn !== undefined && shelf.cutAt.get(number) === before) listing.torn = piece.torn;
      yield listing;
    }
  }
}

/** See Backend.packs. */
export async function packFacts(shelf: Shelf): Promise<PackFacts[]> {
  const facts: PackFacts[] = [];
  for (const number of [...shelf.packs].sort((a, b) => a - b)) {
    const found = await shelf.place.fs.stat(packPath(shelf, number));
    if (found === null) continue;
    const damaged = await hasDamagedHeader(shelf, number).catch((error: unknown) => {
      if (shelf.packs.has(number)) throw error;
      return false;
    });
    if (!shelf.packs.has(number)) continue;
    facts.push({
      pack: packName(shelf.kind, number),
      bytes: found.size,
      ...(damaged ? { header: "damaged" } : {}),
    });
  }
  return facts;
}
