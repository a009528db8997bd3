/** A pack on its way into the bucket: filled in memory, sealed with its table, uploaded, or given up. */
import { encodePackHeader, encodePackTable, PACK_FLAG_TABLE, PACK_HEADER_BYTES } from "@datadb/protocol";
import { forgetEntry } from "../blobsfile/indexed-shelf.ts";
import { newObjectName } from "./object-name.ts";
import { DIRTY_KEY } from "./pack-entry.ts";
import { putObject } from "./put-object.ts";
import { removeObjects } from "./remove-objects.ts";
import { type Bucket, type Draft, keyOf, type Shelf } from "./shelf.ts";
import { tableName } from "./table-name.ts";

function newDraft(shelf: Shelf): Draft {
  const { kind, place } = shelf;
  const { hash, storeId } = place;
  const header = encodePackHeader({
    kind,
    hash,
    storeId,
    created: Date.now(),
    flags: PACK_FLAG_TABLE,
    epoch: 0,
  });
  return {
    number: shelf.nextNumber++,
    name: newObjectName(kind, shelf.nextSequence++),
    pieces: [header],
    length: PACK_HEADER_BYTES,
    entries: [],
    upload: null,
    size: 0,
    failure: null,
  };
}

/** The draft that takes a record of `size` bytes. One that is full is uploaded from now on. */
export function draftWithRoom(shelf: Shelf, size: number): Draft {
  const { packBytes } = shelf.place.connection.options;
  const full = shelf.current;
  // A record larger than a whole pack gets a pack of its own.
  if (full !== null && full.entries.length > 0 && full.length + size > packBytes) {
    closeDraft(shelf);
    startUpload(shelf, full);
  }
  shelf.current ??= newDraft(shelf);
  return shelf.current;
}

/** The current draft takes no more records. */
export function closeDraft(shelf: Shelf): void {
  if (shelf.current === null || shelf.current.entries.length === 0) return;
  shelf.sealed.push(shelf.current);
  shelf.current = null;
}

/** Before the first object: should this process be killed, the next opening looks for what the index does not know. */
async function soil(place: Bucket): Promise<void> {
  if (place.dirty) return;
  place.soiling ??= place.index
    .write([[DIRTY_KEY, Buffer.from([1])]], [], { durable: true })
    .then(() => {
      place.dirty = true;
    })
    .finally(() => {
      place.soiling = null;
    });
  await place.soiling;
}

async function upload(shelf: Shelf, draft: Draft): Promise<void> {
  const { place, kind } = shelf;
  const { connection, hash, storeId, traits } = place;
  const table = encodePackTable(
    { kind, hash, storeId },
    draft.entries.map(({ record }) => record),
  );
  const body = Buffer.concat([...draft.pieces, table]);
  const { storageClass, cold } = connection.options;
  await soil(place);
  const key = keyOf(place, draft.name);
  // A cold pack's own table cannot be read when it is needed. First, so that no pack is without.
  if (kind === "data" && cold) await putObject(connection, tableName(key), table, null, traits);
  await putObject(connection, key, body, kind === "data" ? storageClass : null, traits);
  draft.size = body.length;
  place.cache.keep(draft.name, body);
  draft.pieces = [];
  for (const entry of draft.entries) entry.bytes = null;
}

/** Begins the upload unless it has begun; how it ends is in the draft. */
export function startUpload(shelf: Shelf, draft: Draft): void {
  draft.upload ??= upload(shelf, draft).catch((error: unknown) => {
    shelf.failure ??= error as Error;
    abandon(shelf, draft, error as Error);
  });
}

/**
 * Gives up a draft and all that came after it, since they may hold differences whose base is lost now. Their names are free to be
 * put again.
 */
function abandon(shelf: Shelf, failed: Draft, failure: Error): void {
  const at = shelf.sealed.indexOf(failed);
  if (at === -1) return;
  const given = shelf.sealed.splice(at);
  if (shelf.current !== null) given.push(shelf.current);
  shelf.current = null;
  shelf.abandoned += given.length;
  for (const draft of given) {
    draft.failure ??= failure;
    draft.pieces = [];
    shelf.accepted -= draft.entries.length;
    for (const entry of draft.entries) {
      const entries = entry.moved ? shelf.moving : shelf.pending;
      if (entries.get(entry.record.name) === entry) shelf.place.counts.lost += 1;
      forgetEntry(shelf, entry);
      entry.bytes = null;
    }
    // What was written is nobody's: without it the bucket is as the index says.
    void draft.upload
      ?.then(() => (draft.size > 0 ? removeObjects(shelf.place.connection, [draft.name]) : undefined))
      .catch(() => {});
  }
}
