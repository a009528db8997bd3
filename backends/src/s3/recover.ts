/** Brings index and bucket together when an s3 backend is opened. */
import { StoreMissingKnownError } from "@datadb/protocol";
import { droppedKeyRange, packKeyRange, packOfKey, recordKeys } from "../blobsfile/location.ts";
import { finishDrops } from "./drop-packs.ts";
import { indexObjects, type Sift } from "./index-object.ts";
import { type ListedObject, listObjects } from "./list-objects.ts";
import { compareObjects, objectBeginning, parseObjectName } from "./object-name.ts";
import { DIRTY_KEY, decodePack } from "./pack-entry.ts";
import { type ScannedObject, scanTable } from "./scan-object.ts";
import { ObjectMissing } from "./service-error.ts";
import type { Bucket, Shelf } from "./shelf.ts";

/** Resolves with whether packs are left that are to be deleted. */
async function readPacks(shelf: Shelf): Promise<boolean> {
  const { index } = shelf.place;
  const [from, to] = packKeyRange(shelf.kind);
  for await (const [key, value] of index.entries(from, to)) {
    const number = packOfKey(key);
    shelf.packs.set(number, { number, ...decodePack(value) });
    shelf.nextNumber = Math.max(shelf.nextNumber, number + 1);
  }
  let left = false;
  for await (const [key] of index.entries(...droppedKeyRange(shelf.kind))) {
    shelf.nextNumber = Math.max(shelf.nextNumber, packOfKey(key) + 1);
    left = true;
  }
  return left;
}

/** The newest pack of the log as the index knows it: each commit makes one, and a collection keeps it. */
function newestLog(shelves: readonly Shelf[]): string | undefined {
  const log = shelves.find(({ kind }) => kind === "log")!;
  return [...log.packs.values()].sort(compareObjects).at(-1)?.name;
}

/**
 * Whether the bucket is as the index knows it, told by one request: the newest pack of the log is there, and none after it. Every
 * commit of whoever else writes here would be after it.
 */
async function looksKnown(place: Bucket, newest: string): Promise<boolean> {
  // The name without its last letter comes just before it.
  const names: string[] = [];
  for await (const { name } of listObjects(place.connection, objectBeginning("log"), newest.slice(0, -1))) {
    names.push(name);
    if (names.length > 1) break;
  }
  return names.length === 1 && names[0] === newest;
}

/** The records whose bases are there, in the index or among these: the others are worth nothing. */
function withBases(shelf: Shelf, records: ScannedObject["records"]): Set<string> {
  const ids = (names: readonly Buffer[]): string[] => names.map((name) => name.toString("latin1"));
  const good = new Set(ids(records.filter(({ base }) => base === null).map(({ name }) => name)));
  let open = records.filter(({ base }) => base !== null);
  for (let found = true; found; ) {
    const values = shelf.place.index.getMany(
      recordKeys(
        shelf.kind,
        open.map(({ base }) => base!),
      ),
    );
    const left = open.filter(
      ({ base }, at) => values[at] === undefined && !good.has(base!.toString("latin1")),
    );
    found = left.length < open.length;
    const missing = new Set(left);
    for (const record of open) if (!missing.has(record)) good.add(record.name.toString("latin1"));
    open = left;
  }
  return good;
}

/** Packs of earlier numbers may be missing where a process was killed, and with them the bases of what came later. */
async function sifter(shelf: Shelf, unknown: readonly ListedObject[]): Promise<Sift> {
  const records: ScannedObject["records"] = [];
  for (const { name } of unknown) {
    const found = await scanTable(shelf, name).catch((error: unknown) => {
      if (error instanceof ObjectMissing) return null;
      throw error;
    });
    records.push(...(found?.records ?? []));
  }
  const good = withBases(shelf, records);
  return async (some) => some.filter(({ name }) => good.has(name.toString("latin1")));
}

function noteLost(shelf: Shelf, there: ReadonlyMap<string, number>): void {
  const { place } = shelf;
  for (const { number, name } of shelf.packs.values()) {
    if (there.has(name)) continue;
    shelf.lostFrom.set(number, 0);
    place.warn(
      `${place.connection.place(place.connection.options.prefix + name)} is missing: its records count as absent, so the next backup puts them again; \`datadb check\` names what is affected`,
    );
  }
}

async function recoverShelf(
  shelf: Shelf,
  objects: readonly ListedObject[],
  complete: boolean,
): Promise<void> {
  const { place, kind } = shelf;
  const there = new Map(objects.map(({ name, size }) => [name, size]));
  noteLost(shelf, there);
  const known = new Set([...shelf.packs.values()].map(({ name }) => name));
  const unknown = objects.filter(({ name }) => !known.has(name)).sort(compareObjects);
  // An index that is made from nothing is made of everything: whoever opens looks at it as a whole.
  const sift: Sift = complete ? async (records) => records : await sifter(shelf, unknown);
  const indexing = indexObjects(shelf, unknown, async (records) => {
    const kept = await sift(records);
    await place.recovered(
      kind,
      kept.map(({ name }) => name),
    );
    return kept;
  });
  for await (const { object, found } of indexing) {
    const damaged = found.damaged.length + (found.torn === null ? 0 : 1);
    if (damaged === 0) continue;
    place.counts.damaged += damaged;
    place.warn(
      `${place.connection.place(place.connection.options.prefix + object.name)}: damaged; run \`datadb check\``,
    );
  }
}

/** All packs in the bucket, by kind. */
async function listPacks(place: Bucket): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  for await (const object of listObjects(place.connection, "")) {
    if (parseObjectName(object.name) !== null) found.push(object);
  }
  return found;
}

function takeSequences(shelves: readonly Shelf[]): void {
  for (const shelf of shelves) {
    const numbers = [...shelf.packs.values()].map(({ name }) => parseObjectName(name)?.number ?? 0);
    shelf.nextSequence = numbers.reduce((a, b) => Math.max(a, b), 0) + 1;
  }
}

/**
 * Recovers all kinds: with one short request when the last process ended in good order, else by listing the bucket. Errors:
 * STORE_MISSING_KNOWN when the index knows packs and none is there, WRONG_STORE, FORMAT_TOO_NEW, and those of S3Connection.
 */
export async function recover(place: Bucket, shelves: readonly Shelf[]): Promise<void> {
  let dropping = false;
  for (const shelf of shelves) if (await readPacks(shelf)) dropping = true;
  place.dirty = place.index.getMany([DIRTY_KEY])[0] !== undefined;
  const newest = newestLog(shelves);
  const complete = shelves.every(({ packs }) => packs.size === 0);
  if (place.dirty || dropping || newest === undefined || !(await looksKnown(place, newest))) {
    const objects = await listPacks(place);
    await Promise.all(shelves.map((shelf) => finishDrops(shelf, objects)));
    if (!complete && objects.length === 0)
      throw new StoreMissingKnownError(
        `${place.description} is empty, but the index knows packs that were there`,
        {
          next: "check bucket, prefix and endpoint in config.yaml; if the packs are really gone, remove the store's directory local/ and run datadb rebuild",
          fields: { place: place.description },
        },
      );
    for (const shelf of shelves) {
      const own = objects.filter(({ name }) => parseObjectName(name)?.kind === shelf.kind);
      await recoverShelf(shelf, own, complete);
    }
  }
  takeSequences(shelves);
}
