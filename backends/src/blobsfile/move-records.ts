/** Copies the records of one pack into the pack that is being appended to. */
import type { BlobRecord } from "@datadb/protocol";
import { appendAnew } from "./append-anew.ts";
import { flushShelves } from "./flush.ts";
import type { ChangedNames } from "./index-changes.ts";
import type { LiveRecords } from "./live-records.ts";
import { decodeLocation, isDistrusted, recordKeys } from "./location.ts";
import { packPath } from "./pack-lifecycle.ts";
import type { PackUse } from "./pack-use.ts";
import { type ReadRecord, readPack, type ScannedRecord } from "./scan-pack.ts";
import type { Shelf } from "./shelf.ts";

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
  /** On their way to another place already. */
  readonly elsewhere: ReadRecord[];
}

/** A record in the pack. */
type Place = Pick<ScannedRecord, "name" | "offset">;

/** Those of the records that the index has at this place just now; null when it distrusts one of them: that stays where it is. */
export function stillHere<R extends Place>(shelf: Shelf, number: number, records: readonly R[]): R[] | null {
  if (records.length === 0) return [];
  const names = records.map(({ name }) => name);
  const values = shelf.place.index.getMany(recordKeys(shelf.kind, names));
  const here = records.map((record, at) => {
    const value = values[at];
    if (value === undefined) return false;
    const { pack, offset } = decodeLocation(value);
    return pack === number && offset === record.offset;
  });
  if (here.some((one, at) => one && isDistrusted(values[at]!))) return null;
  return records.filter((_, at) => here[at]);
}

/** Of this very moment: nothing may be awaited before what is to be copied is queued, so that a removal meets it there. */
function wantedOf(
  shelf: Shelf,
  number: number,
  batch: readonly ReadRecord[],
  { live, changed }: Known,
): Wanted | null {
  const unsure = live === null ? batch : batch.filter(({ name }) => changed.has(name));
  const found = stillHere(shelf, number, unsure);
  if (found === null) return null;
  const elsewhere = found.filter(({ name }) => shelf.moving.has(name));
  const here = elsewhere.length === 0 ? found : found.filter(({ name }) => !shelf.moving.has(name));
  const sure =
    live === null ? [] : unsure.length === 0 ? batch : batch.filter(({ name }) => !changed.has(name));
  return { copied: here.length === 0 ? [...sure] : [...sure, ...here], elsewhere };
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
  const elsewhere: Place[] = [];
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
      for (const { name, offset } of some.elsewhere) elsewhere.push({ name: Buffer.from(name), offset });
      found += some.copied.length + some.elsewhere.length;
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
  if (stillHere(shelf, number, elsewhere)?.length !== 0) return null;
  // Damage where no record is any more, such as the rest of a write that a crash tore, is waste like other waste.
  return damaged && found < records ? null : { bytes };
}
