/** flush of the s3 backend: drafts are uploaded, then the index says so. */
import { fileError } from "../blobsfile/file-error.ts";
import { forgetEntry, indexValueOf } from "../blobsfile/indexed-shelf.ts";
import { packKey } from "../blobsfile/location.ts";
import { closeDraft, startUpload } from "./draft.ts";
import { encodePack } from "./pack-entry.ts";
import { throwFailure } from "./put-many.ts";
import type { Draft, Shelf } from "./shelf.ts";

/** Points the index to what is in the bucket. When that fails the next flush tries again: the records are durable. */
async function writeIndex(shelf: Shelf, drafts: readonly Draft[]): Promise<void> {
  const { place, kind } = shelf;
  const puts: [Buffer, Buffer][] = [];
  for (const draft of drafts) {
    for (const entry of draft.entries) if (!entry.removed) puts.push([entry.key, indexValueOf(entry)]);
    puts.push([packKey(kind, draft.number), encodePack(draft)]);
  }
  try {
    if (puts.length > 0) await place.index.write(puts, []);
  } catch (error) {
    throw fileError("write the index of", place.description, error);
  }
  for (const { number, name, size, entries } of drafts) {
    shelf.packs.set(number, { number, name, size });
    shelf.accepted -= entries.length;
    // A name that was removed and put again meanwhile is another entry's by now.
    for (const entry of entries) if (!entry.removed) forgetEntry(shelf, entry);
  }
  shelf.sealed = shelf.sealed.filter((draft) => !drafts.includes(draft));
}

async function settle(shelf: Shelf, drafts: readonly Draft[], previous: Promise<void> | null): Promise<void> {
  // When the running one fails it may take records with it that this one is asked for.
  await previous;
  for (const draft of drafts) if (draft.failure === null) startUpload(shelf, draft);
  for (const draft of drafts) await draft.upload;
  await writeIndex(
    shelf,
    drafts.filter((draft) => draft.failure === null && shelf.sealed.includes(draft)),
  );
  throwFailure(shelf);
}

/** Makes durable what the drafts hold, after all earlier flushes of this kind. */
function flushShelf(shelf: Shelf, drafts: readonly Draft[]): Promise<void> {
  const running = settle(shelf, drafts, shelf.flushing);
  const cleared = running.finally(() => {
    if (shelf.flushing === cleared) shelf.flushing = null;
  });
  // Whoever waits for the next one hears of it; perhaps nobody does.
  cleared.catch(() => {});
  shelf.flushing = cleared;
  return cleared;
}

/**
 * See Backend.flush: these kinds, in this order. All drafts are closed at once: what is accepted while an earlier kind is uploaded is for
 * another flush, so that a node that came with its chunks meanwhile is not in the bucket before them.
 */
export async function flushShelves(shelves: readonly Shelf[]): Promise<void> {
  const loads = shelves.map((shelf) => {
    closeDraft(shelf);
    return [...shelf.sealed];
  });
  for (const [index, shelf] of shelves.entries()) await flushShelf(shelf, loads[index]!);
}
