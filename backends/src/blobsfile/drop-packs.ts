/** Deletes packs that hold no record. */
import { droppedKey, droppedKeyRange, packKey, packOfKey } from "./location.ts";
import { packPath } from "./pack-lifecycle.ts";
import type { Shelf } from "./shelf.ts";

const MARK = Buffer.from([1]);

/**
 * Deletes packs whose records are elsewhere, or nowhere. First the index says so durably, and with it all that it was told before: where
 * the records are now. A process that dies here leaves it to the next opening.
 */
export async function dropPacks(shelf: Shelf, numbers: readonly number[]): Promise<void> {
  if (numbers.length === 0) return;
  const { index } = shelf.place;
  await index.write(
    numbers.map((number) => [droppedKey(shelf.kind, number), MARK]),
    [],
    { durable: true },
  );
  await removeFiles(shelf, numbers);
}

/** Ends what an earlier process began; `shelf.packs` holds what is in the directory. Resolves with the numbers that are used up. */
export async function finishDrops(shelf: Shelf): Promise<number[]> {
  const { place, kind } = shelf;
  const numbers: number[] = [];
  for await (const [key] of place.index.entries(...droppedKeyRange(kind))) numbers.push(packOfKey(key));
  if (place.readOnly) for (const number of numbers) shelf.packs.delete(number);
  else await removeFiles(shelf, numbers);
  return numbers;
}

async function removeFiles(shelf: Shelf, numbers: readonly number[]): Promise<void> {
  const { fs, handles, directory, index } = shelf.place;
  let removed = false;
  for (const number of numbers) {
    if (!shelf.packs.delete(number)) continue;
    const path = packPath(shelf, number);
    await fs.unlink(path);
    // Now that nobody can open it anew: who holds it keeps its space.
    await handles.forget(path);
    removed = true;
  }
  if (removed) await fs.syncDirectory(directory);
  // The highest number stays noted: it must not be given again.
  const highest = Math.max(0, ...shelf.packs, ...numbers);
  const settled = numbers.filter((number) => number < highest);
  const removes = numbers.map((number) => packKey(shelf.kind, number));
  for (const number of settled) removes.push(droppedKey(shelf.kind, number));
  if (removes.length > 0) await index.write([], removes);
}
