/** removeMany of the blobsfile backend: names leave the index, bytes stay in their packs. */
import { changeEntries } from "./change-entries.ts";
import { forgetEntry, type IndexedEntry, type IndexedShelf } from "./indexed-shelf.ts";
import { recordKeys } from "./location.ts";

function giveUp(shelf: IndexedShelf, entry: IndexedEntry | undefined): void {
  if (entry === undefined || (entry.value === null && !entry.moved)) return;
  // It stays among the accepted ones, so that the next flush counts its bytes as seen, but not its name.
  for (let copy: IndexedEntry | undefined = entry; copy !== undefined; copy = copy.before)
    copy.removed = true;
  forgetEntry(shelf, entry);
}

/** See Backend.removeMany. Nothing is flushed: removing one node must not make others durable before their chunks. */
export async function removeMany(shelf: IndexedShelf, names: readonly Buffer[]): Promise<void> {
  for (const name of names) {
    giveUp(shelf, shelf.pending.get(name));
    giveUp(shelf, shelf.moving.get(name));
  }
  // A flush that is writing the index may be writing these names: the removal must come after it.
  await shelf.flushing?.catch(() => {});
  // A compaction that found them in the index until now may be copying them.
  for (const name of names) giveUp(shelf, shelf.moving.get(name));
  await changeEntries(shelf, names, [], recordKeys(shelf.kind, names));
}
