/** Copies the records of one pack into the pack that is being appended to. */
import type { BlobRecord } from "@datadb/protocol";
import { appendAnew } from "./append-anew.ts";
import { flushShelves } from "./flush.ts";
import type { ChangedNames } from "./index-changes.ts";
import type { LiveRecords } from "./live-records.ts";
import { packPath } from "./pack-lifecycle.ts";
import type { PackUse } from "./pack-use.ts";
import { type ReadRecord, readPack, type ScannedRecord } from "./scan-pack.ts";
import type { Shelf } from "./shelf.ts";
import { type Placed, partLeaving, stillHere } from "./still-here.ts";

/** Bytes of records in memory at once, and their number. */
const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_RECORDS = 1024;
/** What is copied between two syncs: bounds what waits for the index. */
const FLUSH_RECORDS = 8192;
const FLUSH_BYTES = 64 * 1024 * 1024;

/** What was copied; null when the pack must stay, since a record that the index has in it cannot be copied. */
export type Moved = { bytes: number } | null;

/** What is known of the index since it was last read. */
export interface Known {
  /** Which records it had in the pack; null: each is looked up. */
  readonly live: LiveRecords | null;
  readonly changed: ChangedNames;
}

/** What is done with records of a pack that were read. */
interface Wanted {
  readonly copied: ReadRecord[];
  readonly leaving: ReadRecord[];
}

/** Of this very moment, see partLeaving. */
function wantedOf(
  shelf: Shelf,
  number: number,
  batch: readonly ReadRecord[],
  { live, changed }: Known,
): Wanted | null {
  const unsure = live === null ? batch : batch.filter(({ name }) => changed.has(name));
  const found = stillHere(shelf, unsure, () => number);
  if (found === null) return null;
  const { staying, leaving } = partLeaving(shelf, found);
  const sure =
    live === null ? [] : unsure.length === 0 ? batch : batch.filter(({ name }) => !changed.has(name));
  return { copied: staying.length === 0 ? [...sure] : [...sure, ...staying], leaving };
}

export function* batches<R extends ScannedRecord>(records: readonly R[]): Generator<R[]> {
  let batch: R[] = [];
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

/** As they were read. */
function recordsOf(shelf: Shelf, read: readonly ReadRecord[]): BlobRecord[] {
  const { kind } = shelf;
  return read.map(({ name, encoding, base, length, payload }) => ({
    kind,
    name,
    encoding,
    base,
    length,
    payload,
  }));
}

/**
 * Copies every record of a sealed pack that the index has in it, durably, and points the index to the copies. `shelves` are those of the
 * backend: what nodes refer to is made durable before them.
 */
export async function moveRecords(
  shelf: Shelf,
  { number, records, distrusted }: PackUse,
  known: Known,
  shelves: readonly Shelf[],
  signal?: AbortSignal,
): Promise<Moved> {
  if (distrusted) return null;
  let [bytes, found, sinceFlush, recordsSinceFlush] = [0, 0, 0, 0];
  let damaged = false;
  let flushing = Promise.resolve();
  const { abandoned } = shelf;
  const leaving: Placed[] = [];
  const { live } = known;
  // What was dead in this place stays so, whatever changes.
  const wanted = (offset: number): boolean => live === null || live.has(offset);
  for await (const piece of readPack(shelf.place, shelf.kind, packPath(shelf, number), wanted)) {
    damaged ||= piece.damaged.length > 0 || piece.torn !== undefined;
    // Where damage was, records may be found that begin anywhere.
    const here = damaged ? { ...known, live: null } : known;
    for (const batch of batches(piece.records)) {
      signal?.throwIfAborted();
      const some = wantedOf(shelf, number, batch, here);
      if (some === null) return null;
      const copied = await appendAnew(shelf, recordsOf(shelf, some.copied));
      for (const { name, offset } of some.leaving) leaving.push({ name: Buffer.from(name), offset });
      found += some.copied.length + some.leaving.length;
      bytes += copied;
      sinceFlush += copied;
      recordsSinceFlush += some.copied.length;
      if (sinceFlush < FLUSH_BYTES && recordsSinceFlush < FLUSH_RECORDS) continue;
      // The next records are read and copied meanwhile.
      await flushing;
      flushing = flushShelves(shelves);
      flushing.catch(() => {});
      sinceFlush = 0;
      recordsSinceFlush = 0;
    }
  }
  await flushing;
  await flushShelves(shelves);
  // Somebody else's flush may have failed with copies of ours.
  if (shelf.abandoned > abandoned) return null;
  if (stillHere(shelf, leaving, () => number)?.length !== 0) return null;
  // Damage where no record is any more, such as the rest of a write that a crash tore, is waste like other waste.
  return damaged && found < records ? null : { bytes };
}
