/** Moves records out of a pack when the disk has no room for all of them at once: from its end on, a piece at a time. */
import { appendAnew } from "./append-anew.ts";
import { flushShelves } from "./flush.ts";
import { getMany } from "./get-many.ts";
import { batches, type Moved, stillHere } from "./move-records.ts";
import { packPath } from "./pack-lifecycle.ts";
import type { PackUse } from "./pack-use.ts";
import { type ScannedRecord, scanPack } from "./scan-pack.ts";
import type { Shelf } from "./shelf.ts";
import { shortenPack } from "./shorten-pack.ts";

/** What is copied before the place it had is given back, as a part of the largest pack: 1 MiB. */
const PIECE_PART = 1 / 256;

/** Where pieces begin, the end of the last one at the end; null when there is damage. */
async function piecesOf(shelf: Shelf, number: number): Promise<number[] | null> {
  const extent = { from: 0, to: Number.POSITIVE_INFINITY };
  const least = shelf.place.maxPackBytes * PIECE_PART;
  const starts: number[] = [];
  let end = 0;
  for await (const piece of scanPack(shelf.place, shelf.kind, packPath(shelf, number), extent)) {
    if (piece.damaged.length > 0 || piece.torn !== undefined) return null;
    for (const { offset } of piece.records)
      if (starts.length === 0 || offset - starts.at(-1)! >= least) starts.push(offset);
    end = piece.end;
  }
  return [...starts, end];
}

/** Accepted when it resolves; the index points to the copies after the next flush. */
async function copyBatch(shelf: Shelf, batch: readonly ScannedRecord[]): Promise<number> {
  const names = batch.map(({ name }) => name);
  const records = await getMany(shelf, names);
  // Null: removed since it was looked for.
  return await appendAnew(
    shelf,
    records.filter((record) => record !== null),
  );
}

/**
 * As moveRecords, in the room of one piece: before a piece is copied, the pack is cut behind it. It may be interrupted, and fail, at any point: what
 * was moved until then is moved, and the pack shorter. `onCut` hears of bytes that were given back.
 */
export async function moveFromEnd(
  shelf: Shelf,
  { number, size }: PackUse,
  shelves: readonly Shelf[],
  onCut: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Moved> {
  const pieces = await piecesOf(shelf, number);
  if (pieces === null) return null;
  let [length, bytes] = [size, 0];
  for (let at = pieces.length - 2; at >= 0; at--) {
    signal?.throwIfAborted();
    const extent = { from: pieces[at]!, to: pieces[at + 1]! };
    for await (const piece of scanPack(shelf.place, shelf.kind, packPath(shelf, number), extent)) {
      const wanted = stillHere(shelf, number, piece.records);
      if (wanted === null || piece.damaged.length > 0 || piece.torn !== undefined) return null;
      if (wanted.length === 0) continue;
      if (extent.to < length) {
        await shortenPack(shelf, number, extent.to);
        onCut(length - extent.to);
        length = extent.to;
      }
      for (const batch of batches(wanted)) bytes += await copyBatch(shelf, batch);
      await flushShelves(shelves);
    }
  }
  return { bytes };
}
