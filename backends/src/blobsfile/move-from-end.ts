/** Moves records out of a pack when the disk has no room for all of them at once: from its end on, a piece at a time. */
import type { BlobRecord } from "@datadb/protocol";
import { appendAnew } from "./append-anew.ts";
import { flushShelves } from "./flush.ts";
import { getMany } from "./get-many.ts";
import { batches, type Moved } from "./move-records.ts";
import { packPath } from "./pack-lifecycle.ts";
import type { PackUse } from "./pack-use.ts";
import { type ScannedRecord, type ScanPiece, scanPack } from "./scan-pack.ts";
import type { Shelf } from "./shelf.ts";
import { shortenPack } from "./shorten-pack.ts";
import { partLeaving, stillHere } from "./still-here.ts";

/** What is copied before the place it had is given back, as a part of the largest pack: 1 MiB. */
const PIECE_PART = 1 / 256;

/** Where pieces begin, and the end of the last one at the end; null when a record that the index has in the pack cannot be copied. */
async function piecesOf(
  shelf: Shelf,
  { number, records, distrusted }: PackUse,
  signal?: AbortSignal,
): Promise<{ starts: number[]; damaged: boolean } | null> {
  if (distrusted) return null;
  const extent = { from: 0, to: Number.POSITIVE_INFINITY };
  const least = shelf.place.maxPackBytes * PIECE_PART;
  const starts: number[] = [];
  let [end, found, damaged] = [0, 0, false];
  for await (const piece of scanPack(shelf.place, shelf.kind, packPath(shelf, number), extent)) {
    signal?.throwIfAborted();
    damaged ||= isDamaged(piece);
    const here = stillHere(shelf, piece.records, () => number);
    if (here === null) return null;
    found += here.length;
    for (const { offset } of piece.records)
      if (starts.length === 0 || offset - starts.at(-1)! >= least) starts.push(offset);
    end = piece.end;
  }
  // Damage where no record is any more, such as the rest of a write that a crash tore, is waste like other waste.
  return damaged && found < records ? null : { starts: [...starts, end], damaged };
}

function isDamaged({ damaged, torn }: ScanPiece): boolean {
  return damaged.length > 0 || torn !== undefined;
}

/** Resolves with the bytes of the copies when they are accepted: the index points to them after the next flush. Null: one cannot be copied. */
async function copyBatch(
  shelf: Shelf,
  number: number,
  batch: readonly ScannedRecord[],
): Promise<number | null> {
  const names = batch.map(({ name }) => name);
  const records = await getMany(shelf, names);
  // What was removed or replaced while it was read must not come back.
  const found = stillHere(shelf, batch, () => number);
  if (found === null) return null;
  const staying = new Set(partLeaving(shelf, found).staying);
  return await appendAnew(
    shelf,
    records.filter((record, at) => record !== null && staying.has(batch[at]!)) as BlobRecord[],
  );
}

/**
 * As moveRecords, in the room of one piece: before a piece is copied, the pack is cut behind it. It may be interrupted, and fail, at any point: what
 * was moved until then is moved, and the pack shorter. `onCut` hears of bytes that were given back.
 */
export async function moveFromEnd(
  shelf: Shelf,
  use: PackUse,
  shelves: readonly Shelf[],
  onCut: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Moved> {
  const { number } = use;
  const pieces = await piecesOf(shelf, use, signal);
  if (pieces === null) return null;
  const { starts, damaged } = pieces;
  let [length, bytes] = [use.size, 0];
  for (let at = starts.length - 2; at >= 0; at--) {
    signal?.throwIfAborted();
    const extent = { from: starts[at]!, to: starts[at + 1]! };
    for await (const piece of scanPack(shelf.place, shelf.kind, packPath(shelf, number), extent)) {
      const wanted = stillHere(shelf, piece.records, () => number);
      if (wanted === null || (isDamaged(piece) && !damaged)) return null;
      if (wanted.length === 0) continue;
      if (extent.to < length) {
        await shortenPack(shelf, number, extent.to, signal);
        onCut(length - extent.to);
        length = extent.to;
      }
      for (const batch of batches(wanted)) {
        const copied = await copyBatch(shelf, number, batch);
        if (copied === null) return null;
        bytes += copied;
      }
      await flushShelves(shelves);
      // Somebody else's flush may have failed with copies of ours, or a removal.
      if (stillHere(shelf, wanted, () => number)?.length !== 0) return null;
    }
  }
  return { bytes };
}
