/** Entries of an index that change or go, while a compaction may be about to copy their records. */
import { fileError } from "./file-error.ts";
import type { IndexedShelf } from "./indexed-shelf.ts";

/** Whether an entry is being changed, or removed, and the index does not say so yet. */
export function isChanging({ changing }: IndexedShelf, name: Buffer): boolean {
  return changing.size > 0 && changing.has(name.toString("latin1"));
}

/** Writes entries of these names, or that they go: from now on nothing is copied or replaced until the index says so. */
export async function changeEntries(
  shelf: IndexedShelf,
  names: readonly Buffer[],
  puts: readonly (readonly [Buffer, Buffer])[],
  removes: readonly Buffer[],
): Promise<void> {
  const texts = names.map((name) => name.toString("latin1"));
  for (const text of texts) shelf.changing.add(text);
  try {
    const written = shelf.place.index.write(puts, removes);
    shelf.changes?.note(names, written);
    await written;
  } catch (error) {
    throw fileError("write the index of", shelf.place.directory, error);
  } finally {
    for (const text of texts) shelf.changing.delete(text);
  }
}
