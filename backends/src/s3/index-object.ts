/** Writes what packs in the bucket hold into the index. */
import { ByteWriter } from "@datadb/protocol";
import { packKey, recordKeys, writeLocation } from "../blobsfile/location.ts";
import type { ListedObject } from "./list-objects.ts";
import { encodePack } from "./pack-entry.ts";
import { type ScannedObject, scanTable } from "./scan-object.ts";
import { ObjectMissing } from "./service-error.ts";
import type { Shelf } from "./shelf.ts";

/** Tables that are read ahead. */
const AHEAD = 8;

/** Called before records are in the index; says which of them to leave out. */
export type Sift = (records: ScannedObject["records"]) => Promise<ScannedObject["records"]>;

/** A pack as it was read. */
export interface IndexedObject {
  object: ListedObject;
  found: ScannedObject;
}

async function writePack(
  shelf: Shelf,
  object: ListedObject,
  records: ScannedObject["records"],
): Promise<void> {
  const number = shelf.nextNumber++;
  const keys = recordKeys(
    shelf.kind,
    records.map(({ name }) => name),
  );
  const puts = records.map(({ offset, payloadLength, length, encoding, base }, at): [Buffer, Buffer] => {
    const writer = new ByteWriter(64);
    writeLocation(writer, { pack: number, offset, payloadLength, length, encoding, base });
    return [keys[at]!, writer.finish()];
  });
  puts.push([packKey(shelf.kind, number), encodePack(object)]);
  await shelf.place.index.write(puts, []);
  shelf.packs.set(number, { number, ...object });
}

/**
 * Indexes these objects in this order: a name that is in several means the last. Tables are read ahead, not whole packs. Objects that are
 * gone meanwhile are left out.
 */
export async function* indexObjects(
  shelf: Shelf,
  objects: readonly ListedObject[],
  sift: Sift,
  signal?: AbortSignal,
): AsyncGenerator<IndexedObject> {
  const reading: Promise<ScannedObject | null>[] = [];
  const begin = (object: ListedObject | undefined): void => {
    if (object === undefined) return;
    const scanned = scanTable(shelf, object.name, signal).catch((error: unknown) => {
      if (error instanceof ObjectMissing) return null;
      throw error;
    });
    scanned.catch(() => {});
    reading.push(scanned);
  };
  objects.slice(0, AHEAD).forEach(begin);
  for (const [at, object] of objects.entries()) {
    begin(objects[at + AHEAD]);
    const found = await reading.shift();
    signal?.throwIfAborted();
    if (!found) continue;
    await writePack(shelf, object, await sift(found.records));
    yield { object, found };
  }
}
