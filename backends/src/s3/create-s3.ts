/** The Backend object over recovered shelves of objects in a bucket. */
import type { RecordKind } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { createShelvedBackend } from "../shelved-backend.ts";
import { coldStorage } from "./cold-packs.ts";
import { compactShelf } from "./compact.ts";
import { distantReads } from "./distant-reads.ts";
import { flushShelves } from "./flush.ts";
import { getMany, statMany } from "./get-many.ts";
import { list, packFacts } from "./list.ts";
import { DIRTY_KEY } from "./pack-entry.ts";
import { readProtection } from "./protection.ts";
import { putMany, replaceMany } from "./put-many.ts";
import { reindex } from "./reindex.ts";
import { setAside } from "./set-aside.ts";
import type { Bucket, Shelf } from "./shelf.ts";

function countersOf(place: Bucket): Record<string, number> {
  const { counts, connection } = place;
  return {
    "blobs-uploaded": counts.uploaded,
    "bytes-uploaded": counts.uploadedBytes,
    "blobs-downloaded": counts.downloaded,
    "bytes-downloaded": counts.downloadedBytes,
    "records-lost": counts.lost,
    "ranges-damaged": counts.damaged,
    requests: connection.counts.requests,
    retries: connection.counts.retries,
    "bytes-sent": connection.counts.sent,
    "bytes-received": connection.counts.received,
    "open-fds": place.cache.openFiles(),
  };
}

/** What is in the bucket is in the index: the next opening need not list it. */
async function shut(place: Bucket, shelves: readonly Shelf[]): Promise<void> {
  try {
    const lost = place.counts.lost;
    await flushShelves(shelves);
    if (place.dirty && lost === 0) await place.index.write([], [DIRTY_KEY]);
  } finally {
    place.connection.close();
    await place.cache.close();
  }
}

/** A ready backend over these shelves. */
export function createS3(place: Bucket, shelves: readonly Shelf[]): Backend {
  const { cold } = place.connection.options;
  const shelfOf = (wanted: RecordKind): Shelf => shelves.find(({ kind }) => kind === wanted)!;
  const data = shelfOf("data");
  return createShelvedBackend(
    shelves,
    {
      async put(groups, ready) {
        for (const [shelf, records] of groups) await putMany(shelf, records, ready);
      },
      accepted: ({ accepted }) => accepted,
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
      type: "s3",
      description: place.description,
      readOnly: place.readOnly,
      capabilities: { cold },
      more: (enter) => ({
        ...(cold ? { cold: coldStorage(data, enter) } : {}),
        distant: distantReads(data, shelfOf("node"), enter),
        protection: () => enter().then(() => readProtection(place)),
      }),
    },
  );
}
