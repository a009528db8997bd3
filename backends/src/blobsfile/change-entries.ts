/** Entries of an index that change or go, while a compaction may be about to copy their records. */
import { fileError } from "./file-error.ts";
import type { IndexedShelf } from "./indexed-shelf.ts";

/** Writes entries of these names, or that they go: from now on they are not copied until the index says so. */
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
