/** Brings index and packs together when a blobsfile backend is opened. */
import { BackendUnavailableError, StoreMissingKnownError } from "@datadb/protocol";
import { finishDrops } from "./drop-packs.ts";
import { fileError } from "./file-error.ts";
import { indexPack } from "./index-pack.ts";
import { decodeProgress, encodeProgress, packKey, packKeyRange, packOfKey } from "./location.ts";
import { mendHeader } from "./mend-header.ts";
import { checkPackHeader } from "./pack-header-check.ts";
import { cutPack, endOfPack, packAt, packPath } from "./pack-lifecycle.ts";
import { parsePackName } from "./pack-name.ts";
import type { Place, Shelf } from "./shelf.ts";
import { finishCuts } from "./shorten-pack.ts";

/** Notes which packs exist, without looking into them. */
async function findPacks(place: Place, shelves: readonly Shelf[]): Promise<void> {
  for (const file of await place.fs.list(place.directory)) {
    const found = parsePackName(file);
    shelves.find((shelf) => shelf.kind === found?.kind)?.packs.add(found!.pack);
  }
}

/** Bytes indexed so far, by pack. */
async function readProgress(shelf: Shelf): Promise<Map<number, number>> {
  const progress = new Map<number, number>();
  const [from, to] = packKeyRange(shelf.kind);
  for await (const [key, value] of shelf.place.index.entries(from, to))
    progress.set(packOfKey(key), decodeProgress(value));
  return progress;
}

function noteLost(shelf: Shelf, number: number, from: number, what: string): void {
  shelf.lostFrom.set(number, from);
  const path = packPath(shelf, number);
  shelf.place.warn(
    `${path} ${what}: its records count as absent, so the next backup puts them again; \`datadb check\` names what is affected`,
  );
}

/**
 * Looks at the end of one pack beyond what is indexed: whole records are indexed, a torn tail of the last pack is cut. Resolves
 * with the pack's length afterwards, or null when it must not be appended to.
 */
async function recoverTail(
  shelf: Shelf,
  number: number,
  indexed: number,
  last: boolean,
): Promise<number | null> {
  const { place } = shelf;
  const path = packPath(shelf, number);
  const size = Math.min(endOfPack(shelf, number), (await place.fs.stat(path))?.size ?? 0);
  if (size < indexed) {
    noteLost(shelf, number, size, `has only ${size} of ${indexed} bytes`);
    return null;
  }
  if (size === indexed && !last) return size;
  const header = await checkPackHeader(place, shelf.kind, path);
  if (header === "torn") return dropHeadless(shelf, number);
  if (header === "damaged") {
    place.counts.damaged += 1;
    place.warn(`${path}: the header is damaged; its records are read, but nothing is added to it`);
    // Of a pack that no index knows a crash may have torn the header: that is no damage, and must not look like it later.
    if (indexed === 0) await mendHeader(shelf, number);
  }
  if (size === indexed) return header === "damaged" ? null : size;
  // A crash of the process leaves bytes that only the kernel has: the index must not know them before the disk does.
  if (!place.readOnly) {
    await syncFile(place, path);
    // The same holds for the name of a pack that no flush had covered.
    if (indexed === 0) await place.fs.syncDirectory(place.directory);
  }
  const extent = { from: indexed, to: size, unsyncedEnd: true };
  const found = await indexPack(shelf, number, extent, (names) => place.recovered(shelf.kind, names));
  if (found.damaged.length > 0) {
    place.counts.damaged += found.damaged.length;
    const ranges = found.damaged.map(({ from, to }) => `${from}-${to}`).join(", ");
    place.warn(`${path}: damaged at bytes ${ranges}; nothing was changed there, run \`datadb check\``);
  }
  if (found.torn === null) return header === "damaged" ? null : size;
  const length = await cutTail(shelf, number, found.torn, size, last);
  return header === "damaged" ? null : length;
}

async function syncFile(place: Place, path: string): Promise<void> {
  const file = await place.fs.open(path, "write");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function cutTail(
  shelf: Shelf,
  number: number,
  torn: number,
  size: number,
  last: boolean,
): Promise<number | null> {
  const { place, kind } = shelf;
  const path = packPath(shelf, number);
  if (!last || place.readOnly) {
    place.warn(`${path}: an incomplete record at its end (bytes ${torn}-${size}) is left as it is`);
    // Said once: from now on it counts as seen.
    if (!place.readOnly) await place.index.write([[packKey(kind, number), encodeProgress(size)]], []);
    return null;
  }
  await cutPack(place, path, torn);
  await place.index.write([[packKey(kind, number), encodeProgress(torn)]], []);
  place.warn(
    `${path}: cut an incomplete record at its end (bytes ${torn}-${size}), which no commit refers to`,
  );
  return torn;
}

/** A file that ends within its header: the crash came before anything in it could be durable. */
async function dropHeadless(shelf: Shelf, number: number): Promise<null> {
  const { place } = shelf;
  const path = packPath(shelf, number);
  place.warn(
    `${path}: an empty pack without a whole header ${place.readOnly ? "is ignored" : "was removed"}`,
  );
  shelf.packs.delete(number);
  if (place.readOnly) return null;
  await place.fs.unlink(path);
  await place.fs.syncDirectory(place.directory);
  return null;
}

/** `used`: numbers of packs that were deleted. */
async function recoverShelf(
  shelf: Shelf,
  progress: Map<number, number>,
  used: readonly number[],
): Promise<void> {
  const numbers = [...shelf.packs].sort((a, b) => a - b);
  const highest = numbers.at(-1) ?? 0;
  // Numbers of lost packs are not given again: the index may still point into them.
  shelf.nextNumber = Math.max(highest, ...progress.keys(), ...used) + 1;
  for (const number of progress.keys()) {
    if (!shelf.packs.has(number)) noteLost(shelf, number, 0, "is missing");
  }
  for (const number of numbers) {
    const last = number + 1 === shelf.nextNumber;
    const length = await recoverTail(shelf, number, progress.get(number) ?? 0, last);
    if (last && length !== null && length < shelf.place.maxPackBytes)
      shelf.current = packAt(shelf, number, length);
  }
}

/**
 * Recovers all kinds. Errors: STORE_MISSING_KNOWN when the index knows packs and none of them is there, WRONG_STORE,
 * FORMAT_TOO_NEW, BACKEND_UNAVAILABLE.
 */
export async function recover(place: Place, shelves: readonly Shelf[]): Promise<void> {
  try {
    const progress = await Promise.all(shelves.map(readProgress));
    const known = progress.some((packs) => packs.size > 0);
    const exists = (await place.fs.stat(place.directory)) !== null;
    if (exists) await findPacks(place, shelves);
    const dropped = await Promise.all(shelves.map(finishDrops));
    for (const shelf of shelves) await finishCuts(shelf);
    for (const [at, numbers] of dropped.entries()) for (const number of numbers) progress[at]!.delete(number);
    if (known && shelves.every(({ packs }) => packs.size === 0))
      throw new StoreMissingKnownError(
        `${place.directory} is empty, but the index knows packs that were there`,
        {
          next: "check that the disk is mounted; if the packs are really gone, remove the store's directory local/ and run datadb rebuild",
          fields: { path: place.directory },
        },
      );
    if (!exists && place.readOnly) throw new BackendUnavailableError(`${place.directory} does not exist`);
    if (!exists) await place.fs.makeDirectory(place.directory);
    for (const [at, shelf] of shelves.entries()) await recoverShelf(shelf, progress[at]!, dropped[at]!);
  } catch (error) {
    throw fileError("open", place.directory, error);
  }
}
