/** Deletes packs that hold no record. */
import { droppedKey, droppedKeyRange, packKey, packOfKey } from "../blobsfile/location.ts";
import type { ListedObject } from "./list-objects.ts";
import { forgetNearby } from "./read-pack.ts";
import { removeObjects } from "./remove-objects.ts";
import type { Shelf } from "./shelf.ts";
import { tableName } from "./table-name.ts";

/**
 * Deletes packs whose records are elsewhere, or nowhere. First the index says so durably, and with it all that it was told before: where
 * the records are now. A process that dies here leaves it to the next opening.
 */
export async function dropPacks(shelf: Shelf, numbers: readonly number[]): Promise<void> {
  if (numbers.length === 0) return;
  const packs = numbers.flatMap((number) => shelf.packs.get(number) ?? []);
  await shelf.place.index.write(
    packs.map(({ number, name }) => [droppedKey(shelf.kind, number), Buffer.from(name)]),
    numbers.map((number) => packKey(shelf.kind, number)),
    { durable: true },
  );
  for (const number of numbers) shelf.packs.delete(number);
  await removeFiles(shelf, packs);
}

async function removeFiles(shelf: Shelf, packs: readonly { number: number; name: string }[]): Promise<void> {
  const { connection, index } = shelf.place;
  shelf.place.listing = null;
  const cold = shelf.kind === "data" && connection.options.cold;
  const names = packs.flatMap(({ name }) => (cold ? [name, tableName(name)] : [name]));
  await removeObjects(connection, names);
  await forgetNearby(
    shelf,
    packs.map(({ name }) => name),
  );
  await index.write(
    [],
    packs.map(({ number }) => droppedKey(shelf.kind, number)),
  );
}

/** Ends what an earlier process began; takes what is to be deleted out of `objects`. */
export async function finishDrops(shelf: Shelf, objects: ListedObject[]): Promise<void> {
  const { index, readOnly } = shelf.place;
  const packs: { number: number; name: string }[] = [];
  for await (const [key, value] of index.entries(...droppedKeyRange(shelf.kind)))
    packs.push({ number: packOfKey(key), name: value.toString() });
  const names = new Set(packs.map(({ name }) => name));
  for (let at = objects.length - 1; at >= 0; at--) if (names.has(objects[at]!.name)) objects.splice(at, 1);
  if (packs.length === 0 || readOnly) return;
  // Whoever may not delete just now can read and write all the same: they are not in the index any more.
  await removeFiles(shelf, packs).catch((error: unknown) => {
    const { description, warn } = shelf.place;
    const reason = error instanceof Error ? error.message : String(error);
    warn(
      `${description}: packs that hold nothing any more could not be deleted; the next opening tries again (${reason})`,
    );
  });
}
