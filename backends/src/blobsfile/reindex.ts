/** reindex of the blobsfile backend: the index made anew from the packs. */
import { PACK_HEADER_BYTES } from "@datadb/protocol";
import type { ReindexSummary } from "../backend.ts";
import { enqueueJob } from "./append-queue.ts";
import { fileError } from "./file-error.ts";
import { flushShelves } from "./flush.ts";
import { indexPack } from "./index-pack.ts";
import { mendHeader } from "./mend-header.ts";
import { packPath } from "./pack-lifecycle.ts";
import type { Place, Shelf } from "./shelf.ts";

async function reindexShelf(shelf: Shelf, summary: ReindexSummary, signal?: AbortSignal): Promise<void> {
  for (const number of [...shelf.packs].sort((a, b) => a - b)) {
    signal?.throwIfAborted();
    const size = (await shelf.place.fs.stat(packPath(shelf, number)))?.size;
    if (size === undefined) {
      shelf.packs.delete(number);
      continue;
    }
    // No record is in it. Unknown to the index it lacks nothing, whatever it had.
    if (size < PACK_HEADER_BYTES) continue;
    await mendHeader(shelf, number);
    const found = await indexPack(shelf, number, { from: 0, to: size }, () => signal?.throwIfAborted());
    summary.packs += 1;
    summary.records += found.records;
    summary.bytes += found.bytes;
    summary.damaged += found.damaged.length + (found.torn === null ? 0 : 1);
  }
  // The index no longer points into packs that are gone.
  shelf.lostFrom.clear();
}

/** See Backend.reindex. The caller lets no other operation begin meanwhile. */
export async function reindex(
  place: Place,
  shelves: readonly Shelf[],
  signal?: AbortSignal,
): Promise<ReindexSummary> {
  const summary: ReindexSummary = { packs: 0, records: 0, bytes: 0, damaged: 0 };
  // Appends that began before are in the queue: after this empty job they have ended.
  await Promise.all(shelves.map((shelf) => enqueueJob(shelf, async () => {})));
  await flushShelves(shelves);
  try {
    await place.index.clear();
    for (const shelf of shelves) await reindexShelf(shelf, summary, signal);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw fileError("reindex", place.directory, error);
  }
  return summary;
}
