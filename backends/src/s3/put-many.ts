/** putMany and replaceMany of the s3 backend: records go into drafts of packs. */
import { type BlobRecord, ByteWriter, encodeRecordInto, recordSize } from "@datadb/protocol";
import { isChanging } from "../blobsfile/change-entries.ts";
import { hasMany } from "../blobsfile/has-many.ts";
import { knownMany } from "../blobsfile/known-many.ts";
import { recordKeys, writeLocation } from "../blobsfile/location.ts";
import { draftWithRoom } from "./draft.ts";
import type { Draft, Entry, Shelf } from "./shelf.ts";

/** Index look-ups are synchronous: this many names take about 10 ms, then others get their turn. */
const SLICE_RECORDS = 4096;

/** A record and its key in the index. */
interface Keyed {
  readonly record: BlobRecord;
  readonly key: Buffer;
}

function indexValue(record: BlobRecord, pack: number, offset: number): Buffer {
  const { encoding, base, length, payload } = record;
  const writer = new ByteWriter(32 + (base?.length ?? 0));
  writeLocation(writer, { pack, offset, payloadLength: payload.length, length, encoding, base });
  return writer.finish();
}

function entryOf(
  draft: Draft,
  { record, key }: Keyed,
  bytes: Buffer,
  { moved, before }: Pick<Entry, "moved" | "before">,
): Entry {
  const { kind, encoding, length, payload } = record;
  const name = Buffer.from(record.name);
  const base = record.base === null ? null : Buffer.from(record.base);
  return {
    key,
    value: indexValue(record, draft.number, draft.length),
    record: { kind, name, encoding, base, length, payloadLength: payload.length },
    bytes,
    removed: false,
    distrusted: false,
    moved,
    before,
  };
}

/** Copies records to the end of drafts: they are visible at once. Resolves with their bytes in packs. */
function append(shelf: Shelf, records: readonly Keyed[], moved: boolean): number {
  const { nameLength, connection } = shelf.place;
  const most = connection.options.packBytes;
  let [slab, at, bytes] = [Buffer.alloc(0), 0, 0];
  let left = records.reduce((sum, { record }) => sum + recordSize(record, nameLength), 0);
  for (const keyed of records) {
    const size = recordSize(keyed.record, nameLength);
    const draft = draftWithRoom(shelf, size);
    // One piece of memory for many records, but never more than goes with one pack.
    if (slab.length - at < size)
      [slab, at] = [Buffer.allocUnsafeSlow(Math.max(size, Math.min(left, most / 4))), 0];
    const target = slab.subarray(at, at + size);
    encodeRecordInto(keyed.record, target, 0);
    const before = moved ? shelf.moving.get(keyed.record.name) : undefined;
    const entry = entryOf(draft, keyed, target, { moved, before });
    (moved ? shelf.moving : shelf.pending).set(keyed.record.name, entry);
    draft.entries.push(entry);
    draft.pieces.push(target);
    draft.length += size;
    shelf.accepted += 1;
    at += size;
    left -= size;
    bytes += size;
  }
  return bytes;
}

/** Throws, once, what went wrong with an upload that nobody waited for. */
export function throwFailure(shelf: Shelf): void {
  const { failure } = shelf;
  shelf.failure = null;
  if (failure !== null) throw failure;
}

/** Waits until fewer packs are on their way than may be uploaded at once: this bounds the memory. */
async function awaitRoom(shelf: Shelf): Promise<void> {
  const { parallel } = shelf.place.connection.options;
  for (;;) {
    const running = shelf.sealed.filter(({ upload, size }) => upload !== null && size === 0);
    if (running.length < parallel) return;
    await Promise.race(running.map(({ upload }) => upload));
  }
}

/** Accepts records of this shelf's kind, see Backend.putMany. */
export async function putMany(
  shelf: Shelf,
  records: readonly BlobRecord[],
  ready: () => Promise<void>,
): Promise<void> {
  const { counts } = shelf.place;
  for (let at = 0; at < records.length; at += SLICE_RECORDS) {
    await ready();
    throwFailure(shelf);
    const slice = records.slice(at, at + SLICE_RECORDS);
    const keys = recordKeys(
      shelf.kind,
      slice.map(({ name }) => name),
    );
    const known = knownMany(shelf, keys);
    const ids = new Set<string>();
    const fresh = slice.flatMap((record, index): Keyed[] => {
      const id = record.name.toString("latin1");
      if (known[index] === 1 || shelf.pending.has(record.name) || ids.has(id)) return [];
      ids.add(id);
      return [{ record, key: keys[index]! }];
    });
    append(shelf, fresh, false);
    counts.uploaded += fresh.length;
    for (const { record } of fresh) counts.uploadedBytes += record.payload.length;
    await awaitRoom(shelf);
  }
}

/** Appends records whose names the index has already; it points to them after the next flush. Resolves with their bytes. */
export async function appendAnew(shelf: Shelf, records: readonly BlobRecord[]): Promise<number> {
  const keys = recordKeys(
    shelf.kind,
    records.map(({ name }) => name),
  );
  const bytes = append(
    shelf,
    records.map((record, index) => ({ record, key: keys[index]! })),
    true,
  );
  await awaitRoom(shelf);
  return bytes;
}

/** See Backend.replaceMany. */
export async function replaceMany(shelf: Shelf, records: readonly BlobRecord[]): Promise<void> {
  throwFailure(shelf);
  const there = await hasMany(
    shelf,
    records.map(({ name }) => name),
  );
  // A removal that is on its way would not meet them.
  await appendAnew(
    shelf,
    records.filter(({ name }, at) => there[at] === 1 && !isChanging(shelf, name)),
  );
}
