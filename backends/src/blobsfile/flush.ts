/** flush of the blobsfile backend: packs, then their directory, then the index. */
import { abandonPack } from "./abandon-pack.ts";
import { fileError } from "./file-error.ts";
import { encodeProgress, packKey } from "./location.ts";
import { closeIfDone } from "./pack-lifecycle.ts";
import type { Entry, OpenPack, Shelf } from "./shelf.ts";

/** What one flush makes durable. */
interface Load {
  entries: Entry[];
  /** Each with its length when the flush began. */
  packs: { pack: OpenPack; length: number }[];
  created: boolean;
}

function takeLoad(shelf: Shelf): Load {
  const { accepted: entries, created } = shelf;
  const packs = [...shelf.dirty].map((pack) => ({ pack, length: pack.length }));
  for (const { pack } of packs) pack.syncing = true;
  shelf.accepted = [];
  shelf.dirty.clear();
  shelf.created = false;
  return { entries, packs, created };
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
  const puts: [Buffer, Buffer][] = entries.map((entry) => [entry.key, entry.value!]);
  for (const { pack, length } of packs) puts.push([packKey(shelf.kind, pack.number), encodeProgress(length)]);
  try {
    if (puts.length > 0) await shelf.place.index.write(puts, []);
  } catch (error) {
    // The records are durable, only the index does not say so: the next flush tries again.
    shelf.accepted = entries.concat(shelf.accepted);
    for (const { pack } of packs) shelf.dirty.add(pack);
    throw fileError("write the index of", shelf.place.directory, error);
  }
  for (const { pack, length } of packs) pack.indexed = length;
  for (const entry of entries) shelf.pending.delete(entry.id);
}

async function run(shelf: Shelf): Promise<void> {
  const load = takeLoad(shelf);
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

/** See Backend.flush, for one kind. */
export function flushShelf(shelf: Shelf): Promise<void> {
  if (shelf.flushing === null) {
    if (shelf.accepted.length === 0 && shelf.dirty.size === 0) return Promise.resolve();
    shelf.flushing = run(shelf).finally(() => {
      shelf.flushing = null;
    });
    return shelf.flushing;
  }
  // The running flush may not cover what was accepted after it began: all who come meanwhile share the next one. When the
  // running one fails it may take their records with it, so they fail too.
  shelf.nextFlush ??= shelf.flushing.then(
    () => startNext(shelf),
    (error: unknown) => {
      shelf.nextFlush = null;
      throw error;
    },
  );
  return shelf.nextFlush;
}

function startNext(shelf: Shelf): Promise<void> {
  shelf.nextFlush = null;
  return flushShelf(shelf);
}
