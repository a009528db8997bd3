/** reindex of the s3 backend: the index made anew from the tables of the packs. */
import type { ReindexSummary } from "../backend.ts";
import { fileError } from "../blobsfile/file-error.ts";
import { flushShelves } from "./flush.ts";
import { indexObjects } from "./index-object.ts";
import { type ListedObject, listObjects } from "./list-objects.ts";
import { compareObjects, parseObjectName } from "./object-name.ts";
import { DIRTY_KEY } from "./pack-entry.ts";
import type { Bucket, Shelf } from "./shelf.ts";

/** See Backend.reindex. The caller lets no other operation begin meanwhile. */
export async function reindex(
  place: Bucket,
  shelves: readonly Shelf[],
  signal?: AbortSignal,
): Promise<ReindexSummary> {
  const summary: ReindexSummary = { packs: 0, records: 0, bytes: 0, damaged: 0 };
  await flushShelves(shelves);
  const objects: ListedObject[] = [];
  for await (const object of listObjects(place.connection, "", undefined, signal)) objects.push(object);
  try {
    await place.index.clear();
    // Until it is complete, the next opening must look for what it lacks.
    await place.index.write([[DIRTY_KEY, Buffer.from([1])]], [], { durable: true });
    place.dirty = true;
    for (const shelf of shelves) {
      shelf.packs.clear();
      shelf.lostFrom.clear();
      const own = objects
        .filter(({ name }) => parseObjectName(name)?.kind === shelf.kind)
        .sort(compareObjects);
      for await (const { found, object } of indexObjects(shelf, own, async (records) => records, signal)) {
        summary.packs += 1;
        summary.records += found.records.length;
        summary.bytes += object.size;
        summary.damaged += found.damaged.length + (found.torn === null ? 0 : 1);
      }
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw fileError("reindex", place.description, error);
  }
  return summary;
}
