/** removeMany of the blobsfile backend: names leave the index, bytes stay in their packs. */
import { fileError } from "./file-error.ts";
import { forgetEntry, type IndexedShelf } from "./indexed-shelf.ts";
import { recordKeys } from "./location.ts";

/** See Backend.removeMany. Nothing is flushed: removing one node must not make others durable before their chunks. */
export async function removeMany(shelf: IndexedShelf, names: readonly Buffer[]): Promise<void> {
  for (const name of names) {
    const entries = [shelf.pending.get(name), shelf.moving.get(name)];
    for (const entry of entries) {
      if (entry === undefined || (entry.value === null && !entry.moved)) continue;
      // It stays among the accepted ones, so that the next flush counts its bytes as seen, but not its name.
      entry.removed = true;
      forgetEntry(shelf, entry);
    }
  }
  // A flush that is writing the index may be writing these names: the removal must come after it.
  await shelf.flushing?.catch(() => {});
  try {
    await shelf.place.index.write([], recordKeys(shelf.kind, names));
  } catch (error) {
    throw fileError("write the index of", shelf.place.directory, error);
  }
}
