/** Appends records whose names the index has already; it points to them after the next flush. */
import { type BlobRecord, recordSize } from "@datadb/protocol";
import { enqueueBatch } from "./append-queue.ts";
import { isChanging } from "./change-entries.ts";
import { hasMany } from "./has-many.ts";
import { recordKeys } from "./location.ts";
import type { Entry, Shelf } from "./shelf.ts";

/** Resolves with the bytes of the records when they are in a pack. What is removed before the flush stays removed. */
export async function appendAnew(shelf: Shelf, records: readonly BlobRecord[]): Promise<number> {
  if (records.length === 0) return 0;
  const names = records.map(({ name }) => name);
  const keys = recordKeys(shelf.kind, names);
  let settle: (error: Error | null) => void = () => {};
  const done = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === null ? resolve() : reject(error));
  });
  const fresh = { removed: false, distrusted: false, moved: true };
  const place = { value: null, pack: null, end: 0, serial: 0, done, ...fresh };
  let bytes = 0;
  const entries = records.map((record, at): Entry => {
    const entry: Entry = { ...place, key: keys[at]!, record, before: shelf.moving.get(record.name) };
    shelf.moving.set(record.name, entry);
    bytes += recordSize(record, shelf.place.nameLength);
    return entry;
  });
  enqueueBatch(shelf, { entries, bytes, settle });
  await done;
  return bytes;
}

/** See Backend.replaceMany. */
export async function replaceMany(shelf: Shelf, records: readonly BlobRecord[]): Promise<void> {
  const names = records.map(({ name }) => name);
  const there = await hasMany(shelf, names);
  shelf.changes.note(names);
  // A removal that is on its way would not meet them.
  const replaced = records.filter(({ name }, at) => there[at] === 1 && !isChanging(shelf, name));
  await appendAnew(shelf, replaced);
}
