/** Copies the records of one pack into the pack that is being appended to. */
import { appendAnew } from "./append-anew.ts";
import { flushShelves } from "./flush.ts";
import { getMany } from "./get-many.ts";
import { decodeLocation, isDistrusted, recordKeys } from "./location.ts";
import { packPath } from "./pack-lifecycle.ts";
import type { PackUse } from "./pack-use.ts";
import { type ScannedRecord, scanPack } from "./scan-pack.ts";
import type { Shelf } from "./shelf.ts";

/** Bytes of records in memory at once, and their number. */
const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_RECORDS = 1024;
/** What is copied between two syncs: bounds what waits for the index. */
const FLUSH_RECORDS = 8192;
const FLUSH_BYTES = 64 * 1024 * 1024;

/** What was copied; null when the pack must stay, since a record that the index has in it cannot be read. */
export type Moved = { bytes: number } | null;

/** Those of the scanned records that the index still has at this place; null when it distrusts one of them: that stays where it is. */
export function stillHere(
  shelf: Shelf,
  number: number,
  scanned: readonly ScannedRecord[],
): ScannedRecord[] | null {
  const names = scanned.map(({ name }) => name);
  const values = shelf.place.index.getMany(recordKeys(shelf.kind, names));
  const here = scanned.map((record, at) => {
    const value = values[at];
    if (value === undefined) return false;
    const { pack, offset } = decodeLocation(value);
    return pack === number && offset === record.offset;
  });
  if (here.some((one, at) => one && isDistrusted(values[at]!))) return null;
  return scanned.filter((_, at) => here[at]);
}

export function* batches(records: readonly ScannedRecord[]): Generator<ScannedRecord[]> {
  let batch: ScannedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (batch.length >= BATCH_RECORDS || (batch.length > 0 && bytes + record.payloadLength > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += record.payloadLength;
  }
  if (batch.length > 0) yield batch;
}

/** Accepted when it resolves; the index points to the copies after the next flush. */
export async function copyBatch(shelf: Shelf, batch: readonly ScannedRecord[]): Promise<number> {
  const names = batch.map(({ name }) => name);
  const records = await getMany(shelf, names);
  // Null: removed since it was looked for.
  return await appendAnew(
    shelf,
    records.filter((record) => record !== null),
  );
}

/**
 * Copies every record of a sealed pack that the index has in it, durably, and points the index to the copies. `shelves` are those of the
 * backend: what nodes refer to is made durable before them.
 */
export async function moveRecords(
  shelf: Shelf,
  { number, records }: PackUse,
  shelves: readonly Shelf[],
  signal?: AbortSignal,
): Promise<Moved> {
  let [bytes, found, sinceFlush, recordsSinceFlush] = [0, 0, 0, 0];
  let damaged = false;
  const extent = { from: 0, to: Number.POSITIVE_INFINITY };
  for await (const piece of scanPack(shelf.place, shelf.kind, packPath(shelf, number), extent)) {
    damaged ||= piece.damaged.length > 0 || piece.torn !== undefined;
    const wanted = stillHere(shelf, number, piece.records);
    if (wanted === null) return null;
    for (const batch of batches(wanted)) {
      found += batch.length;
      signal?.throwIfAborted();
      const copied = await copyBatch(shelf, batch);
      bytes += copied;
      sinceFlush += copied;
      recordsSinceFlush += batch.length;
      if (sinceFlush < FLUSH_BYTES && recordsSinceFlush < FLUSH_RECORDS) continue;
      await flushShelves(shelves);
      sinceFlush = 0;
      recordsSinceFlush = 0;
    }
  }
  await flushShelves(shelves);
  // Damage where no record is any more, such as the rest of a write that a crash tore, is waste like other waste.
  return damaged && found < records ? null : { bytes };
}
