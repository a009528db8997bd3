/** flush of the blobsfile backend: packs, then their directory, then the index. */
import { abandonPack } from "./abandon-pack.ts";
import { fileError } from "./file-error.ts";
import { forgetEntry, indexValueOf } from "./indexed-shelf.ts";
import { encodeProgress, packKey } from "./location.ts";
import { closeIfDone } from "./pack-lifecycle.ts";
import type { Entry, OpenPack, Shelf } from "./shelf.ts";

/** What one flush makes durable. */
interface Load {
  entries: Entry[];
  /** Each with the end of its last entry of this flush. */
  packs: { pack: OpenPack; end: number }[];
  created: boolean;
}

/** Takes what was accepted up to `serial`; later entries, and the pack that holds them, are left for a later flush. */
function takeLoad(shelf: Shelf, serial: number): Load {
  const later = shelf.accepted.findIndex((entry) => entry.serial > serial);
  const entries = later === -1 ? shelf.accepted : shelf.accepted.slice(0, later);
  shelf.accepted = later === -1 ? [] : shelf.accepted.slice(later);
  const ends = new Map<OpenPack, number>();
  for (const { pack, end } of entries) ends.set(pack!, end);
  for (const pack of ends.keys()) {
    pack.syncing = true;
    if (shelf.accepted[0]?.pack !== pack) shelf.dirty.delete(pack);
  }
  const { created } = shelf;
  shelf.created = false;
  return { entries, packs: [...ends].map(([pack, end]) => ({ pack, end })), created };
}

/** Syncs one pack; when that fails its uncertain records are given up, and the error returned. */
async function syncPack(shelf: Shelf, pack: OpenPack): Promise<Error | null> {
  try {
    await pack.file?.sync();
    return null;
  } catch (error) {
    const failure = fileError("make durable", pack.path, error);
    void abandonPack(shelf, pack, failure);
    return failure;
  }
}

/** A new file is durable only with its directory: if that fails, everything in new packs is uncertain. */
async function syncDirectory(shelf: Shelf, load: Load): Promise<Error | null> {
  if (!load.created) return null;
  const { fs, directory } = shelf.place;
  try {
    await fs.syncDirectory(directory);
    return null;
  } catch (error) {
    const failure = fileError("make durable", directory, error);
    shelf.created = true;
    for (const { pack } of load.packs) {
      if (pack.indexed === 0 && pack.failure === null) void abandonPack(shelf, pack, failure);
    }
    return failure;
  }
}

async function writeIndex(shelf: Shelf, load: Load): Promise<void> {
  const entries = load.entries.filter((entry) => entry.pack!.failure === null);
  const packs = load.packs.filter(({ pack }) => pack.failure === null);
  const kept = entries.filter((entry) => !entry.removed);
  const puts: [Buffer, Buffer][] = kept.map((entry) => [entry.key, indexValueOf(entry)]);
  for (const { pack, end } of packs) puts.push([packKey(shelf.kind, pack.number), encodeProgress(end)]);
  try {
    if (puts.length > 0) await shelf.place.index.write(puts, []);
  } catch (error) {
    // The records are durable, only the index does not say so: the next flush tries again.
    shelf.accepted = entries.concat(shelf.accepted);
    for (const { pack } of packs) shelf.dirty.add(pack);
    throw fileError("write the index of", shelf.place.directory, error);
  }
  for (const { pack, end } of packs) pack.indexed = end;
  // A name that was removed and put again meanwhile is another entry's by now.
  for (const entry of kept) if (!entry.removed) forgetEntry(shelf, entry);
}

async function run(shelf: Shelf, serial: number): Promise<void> {
  const load = takeLoad(shelf, serial);
  const failures = await Promise.all(load.packs.map(({ pack }) => syncPack(shelf, pack)));
  failures.push(await syncDirectory(shelf, load));
  try {
    await writeIndex(shelf, load);
  } finally {
    for (const { pack } of load.packs) {
      pack.syncing = false;
      await closeIfDone(shelf, pack);
    }
  }
  const failure = failures.find((found) => found !== null);
  if (failure) throw failure;
}

/** Makes durable what one kind accepted up to `serial`, at least. */
function flushShelf(shelf: Shelf, serial: number): Promise<void> {
  if (shelf.flushing === null) {
    const first = shelf.accepted[0];
    if (first === undefined || first.serial > serial) return Promise.resolve();
    shelf.flushing = run(shelf, serial).finally(() => {
      shelf.flushing = null;
    });
    return shelf.flushing;
  }
  // The running flush may not cover what was accepted after it began: all who come meanwhile share the next one. When the
  // running one fails it may take their records with it, so they fail too.
  shelf.nextSerial = Math.max(shelf.nextSerial, serial);
  shelf.nextFlush ??= shelf.flushing.then(
    () => flushShelf(shelf, takeNext(shelf)),
    (error: unknown) => {
      takeNext(shelf);
      throw error;
    },
  );
  return shelf.nextFlush;
}

function takeNext(shelf: Shelf): number {
  const { nextSerial } = shelf;
  shelf.nextFlush = null;
  shelf.nextSerial = 0;
  return nextSerial;
}

/**
 * See Backend.flush: these kinds, in this order, each as it is now. What is accepted while an earlier kind is synced waits for
 * another flush: a node that came with its chunks meanwhile would else become durable before them.
 */
export async function flushShelves(shelves: readonly Shelf[]): Promise<void> {
  const serials = shelves.map((shelf) => shelf.serials);
  for (const [index, shelf] of shelves.entries()) await flushShelf(shelf, serials[index]!);
}
