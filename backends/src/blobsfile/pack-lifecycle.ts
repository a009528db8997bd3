/** Packs are begun, sealed and given up here. */

import { join } from "node:path";
import { encodePackHeader, PACK_HEADER_BYTES } from "@datadb/protocol";
import { fileError, systemCode } from "./file-error.ts";
import { packName } from "./pack-name.ts";
import type { OpenPack, Place, Shelf } from "./shelf.ts";

/** A pack for appending from `length` on; nothing is opened yet. */
export function packAt(shelf: Shelf, number: number, length: number): OpenPack {
  const path = packPath(shelf, number);
  return { number, path, file: null, length, indexed: length, syncing: false, failure: null };
}

/** The absolute path of a pack. */
export function packPath(shelf: Shelf, number: number): string {
  return join(shelf.place.directory, packName(shelf.kind, number));
}

/** Where a pack ends that was cut, or is about to be; the index needs nothing behind it. */
export function endOfPack({ cutAt }: Shelf, number: number): number {
  return cutAt.get(number) ?? Number.POSITIVE_INFINITY;
}

/** Closes the descriptor for writing, if it is open. */
export async function closeFile(place: Place, pack: OpenPack): Promise<void> {
  const { file } = pack;
  pack.file = null;
  if (file === null) return;
  place.counts.writing -= 1;
  // Its bytes are synced or given up; an error here changes nothing.
  await file.close().catch(() => {});
}

/** Closes a pack that takes no more records and owes no sync. */
export async function closeIfDone(shelf: Shelf, pack: OpenPack): Promise<void> {
  if (pack === shelf.current || pack.syncing || shelf.dirty.has(pack)) return;
  await closeFile(shelf.place, pack);
}

/** The pack takes no more records; it stays open until its bytes are synced. */
export async function sealPack(shelf: Shelf, pack: OpenPack): Promise<void> {
  if (shelf.current === pack) shelf.current = null;
  await closeIfDone(shelf, pack);
}

async function createPack(shelf: Shelf): Promise<OpenPack> {
  const { fs, storeId, hash, counts } = shelf.place;
  const pack = packAt(shelf, shelf.nextNumber, PACK_HEADER_BYTES);
  pack.indexed = 0;
  const header = encodePackHeader({
    kind: shelf.kind,
    hash,
    storeId,
    created: Date.now(),
    flags: 0,
    epoch: 0,
  });
  const file = await fs.open(pack.path, "create").catch((error: unknown) => {
    if (systemCode(error) === "EEXIST") shelf.nextNumber += 1;
    throw error;
  });
  // Whatever happens to it now, its number is not tried again: remains might still be there.
  shelf.nextNumber += 1;
  try {
    await file.write([header], 0);
  } catch (error) {
    await file.close().catch(() => {});
    await fs.unlink(pack.path).catch(() => {});
    throw error;
  }
  counts.writing += 1;
  pack.file = file;
  shelf.packs.add(pack.number);
  shelf.created = true;
  return pack;
}

/** The pack that takes the next record of `size` bytes, open for writing. Runs within the append queue only. */
export async function packWithRoom(shelf: Shelf, size: number): Promise<OpenPack> {
  const { fs, maxPackBytes, counts } = shelf.place;
  const full = shelf.current;
  // A record larger than a whole pack gets a pack of its own.
  if (full !== null && full.length + size > maxPackBytes && full.length > PACK_HEADER_BYTES)
    await sealPack(shelf, full);
  const path = shelf.current?.path ?? packPath(shelf, shelf.nextNumber);
  try {
    shelf.current ??= await createPack(shelf);
    if (shelf.current.file === null) {
      shelf.current.file = await fs.open(path, "write");
      counts.writing += 1;
    }
    return shelf.current;
  } catch (error) {
    throw fileError("open for writing", path, error);
  }
}

/** Shortens a pack through a fresh descriptor, durably. */
export async function cutPack(place: Place, path: string, length: number): Promise<void> {
  const file = await place.fs.open(path, "write");
  try {
    await file.truncate(length);
    await file.sync();
  } finally {
    await file.close();
  }
}
