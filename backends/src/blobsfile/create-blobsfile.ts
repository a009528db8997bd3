/** The Backend object over recovered shelves of pack files. */
import type { Backend } from "../backend.ts";
import { createShelvedBackend } from "../shelved-backend.ts";
import { replaceMany } from "./append-anew.ts";
import { enqueueJob } from "./append-queue.ts";
import { compactShelf } from "./compact.ts";
import { setAside } from "./distrust.ts";
import { flushShelves } from "./flush.ts";
import { getMany, statMany } from "./get-many.ts";
import { list, packFacts } from "./list.ts";
import { closeFile } from "./pack-lifecycle.ts";
import { putMany } from "./put-many.ts";
import { reindex } from "./reindex.ts";
import type { Place, Shelf } from "./shelf.ts";
import { withPlaces } from "./with-places.ts";

async function release(place: Place, shelves: readonly Shelf[]): Promise<void> {
  for (const shelf of shelves) {
    if (shelf.current !== null) await closeFile(place, shelf.current);
    for (const pack of shelf.dirty) await closeFile(place, pack);
  }
  await place.handles.close();
}

async function shut(place: Place, shelves: readonly Shelf[]): Promise<void> {
  try {
    // Appends that were under way may still bring something to flush.
    await Promise.all(shelves.map((shelf) => enqueueJob(shelf, async () => {})));
    await flushShelves(shelves);
  } finally {
    await release(place, shelves);
  }
}

function countersOf({ counts, handles }: Place): Record<string, number> {
  return {
    "blobs-uploaded": counts.uploaded,
    "bytes-uploaded": counts.uploadedBytes,
    "blobs-downloaded": counts.downloaded,
    "bytes-downloaded": counts.downloadedBytes,
    "records-lost": counts.lost,
    "ranges-damaged": counts.damaged,
    "open-fds": handles.count() + counts.writing,
  };
}

/** All are waited for before the first error is told: the caller may close at once. */
async function allSettled(running: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(running);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** A ready backend over these shelves. */
export function createBlobsfile(place: Place, shelves: readonly Shelf[]): Backend {
  return createShelvedBackend(
    shelves,
    {
      put: (groups, ready) => allSettled(groups.map(([shelf, records]) => putMany(shelf, records, ready))),
      accepted: ({ accepted }) => accepted.length,
      getMany,
      statMany,
      list,
      packFacts,
      setAside,
      replaceMany,
      compactShelf,
      flush: flushShelves,
      reindex: (signal) => reindex(place, shelves, signal),
      counters: () => countersOf(place),
      shut: () => shut(place, shelves),
    },
    {
      type: "blobsfile",
      description: place.description,
      readOnly: place.readOnly,
      capabilities: { cold: false },
      more: (enter) => ({
        withPlaces: (kind, names, use) =>
          enter().then(() => withPlaces(shelves.find((shelf) => shelf.kind === kind)!, names, use)),
      }),
    },
  );
}
