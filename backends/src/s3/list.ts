/** list and packs of the s3 backend. */
import type { PackFacts, PackListing, RecordInfo } from "../backend.ts";
import { decodeLocation } from "../blobsfile/location.ts";
import { type ListedObject, listObjects } from "./list-objects.ts";
import { compareObjects, parseObjectName } from "./object-name.ts";
import { type ScannedObject, scanObject } from "./scan-object.ts";
import { ObjectMissing } from "./service-error.ts";
import type { Bucket, Draft, Pack, Shelf } from "./shelf.ts";

/** Records in one listing: bounds what consumers hold. */
const LISTING_RECORDS = 4096;
/** Packs that are read ahead while one is consumed. */
const AHEAD = 2;

function* listingsOf(shelf: Shelf, pack: string, found: ScannedObject): Generator<PackListing> {
  const { kind } = shelf;
  for (let at = 0; at === 0 || at < found.records.length; at += LISTING_RECORDS) {
    const records = found.records
      .slice(at, at + LISTING_RECORDS)
      .map(({ offset, name, encoding, base, length, payloadLength }): RecordInfo => {
        return { kind, name, encoding, base, length, payloadLength, pack, offset };
      });
    const last = at + LISTING_RECORDS >= found.records.length;
    const listing: PackListing = { pack, kind, records, damaged: at === 0 ? found.damaged : [] };
    if (last && found.torn !== null) listing.torn = found.torn;
    yield listing;
  }
}

/** What a draft holds now; nothing of it can be damaged. */
function draftListing({ entries }: Draft): ScannedObject {
  const records = entries.map(({ record, value }) => ({ ...record, offset: decodeLocation(value).offset }));
  return { records, damaged: [], torn: null, bytes: 0 };
}

/** A pack that a collection deleted meanwhile is none any more; one that is gone otherwise is damage from its first byte on. */
async function scanIfThere(shelf: Shelf, pack: Pack, signal?: AbortSignal): Promise<ScannedObject | null> {
  try {
    return await scanObject(shelf, pack.name, signal);
  } catch (error) {
    if (!(error instanceof ObjectMissing)) throw error;
    if (!shelf.packs.has(pack.number)) return null;
    return { records: [], damaged: [], torn: 0, bytes: 0 };
  }
}

/** See Backend.list. */
export async function* list(shelf: Shelf, signal?: AbortSignal, only?: string): AsyncGenerator<PackListing> {
  // As of now: what is accepted later belongs to a later list.
  const drafts = [...shelf.sealed, ...(shelf.current === null ? [] : [shelf.current])]
    .filter(({ name }) => only === undefined || name === only)
    .map((draft) => ({ name: draft.name, found: draftListing(draft) }));
  const packs = [...shelf.packs.values()]
    .filter(({ number, name }) => (only === undefined || name === only) && !shelf.lostFrom.has(number))
    .sort(compareObjects);
  const reading: Promise<ScannedObject | null>[] = [];
  const begin = (pack: Pack | undefined): void => {
    if (pack === undefined) return;
    const scanned = scanIfThere(shelf, pack, signal);
    // Left by a consumer that stops early.
    scanned.catch(() => {});
    reading.push(scanned);
  };
  packs.slice(0, AHEAD).forEach(begin);
  for (const [at, { name }] of packs.entries()) {
    begin(packs[at + AHEAD]);
    const found = await reading.shift();
    signal?.throwIfAborted();
    if (found) yield* listingsOf(shelf, name, found);
  }
  for (const { name, found } of drafts) yield* listingsOf(shelf, name, found);
}

/** Who asks for the packs of one kind mostly asks for those of another next. */
const LISTING_MS = 5000;

/** What is in the bucket, as of a moment ago if this process wrote nothing since. */
async function listedObjects(place: Bucket): Promise<readonly ListedObject[]> {
  const changes = place.connection.counts.sent;
  const last = place.listing;
  if (last !== null && last.changes === changes && performance.now() - last.at < LISTING_MS)
    return last.objects;
  const objects: ListedObject[] = [];
  for await (const object of listObjects(place.connection, "")) {
    if (parseObjectName(object.name) !== null) objects.push(object);
  }
  place.listing = { objects, changes, at: performance.now() };
  return objects;
}

/** See Backend.packs: asked of the service, so that what is gone is not told. */
export async function packFacts(shelf: Shelf): Promise<PackFacts[]> {
  const known = new Set([...shelf.packs.values()].map(({ name }) => name));
  const facts: PackFacts[] = (await listedObjects(shelf.place))
    .filter(({ name }) => known.has(name))
    .map(({ name, size }) => ({ pack: name, bytes: size }));
  const drafts = [...shelf.sealed, ...(shelf.current === null ? [] : [shelf.current])];
  for (const { name, length } of drafts) facts.push({ pack: name, bytes: length });
  return facts.sort((a, b) => compareObjects({ name: a.pack }, { name: b.pack }));
}
