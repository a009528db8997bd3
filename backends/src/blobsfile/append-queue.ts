/** The append queue of one kind: one write at a time, and what waits meanwhile goes out together. */
import { recordSize } from "@datadb/protocol";
import { assembleSegment, type Segment } from "./assemble-segment.ts";
import { fileError } from "./file-error.ts";
import { forgetEntry } from "./indexed-shelf.ts";
import { packWithRoom, sealPack } from "./pack-lifecycle.ts";
import type { Entry, Job, OpenPack, Shelf } from "./shelf.ts";

/** Small puts that wait are written together up to about this many bytes. */
const MAX_GROUP_BYTES = 8 * 1024 * 1024;

type Batch = Exclude<Job, { run(): Promise<void> }>;

/** A failed write may have left any prefix behind: cut it off, or else leave the pack as it is for good. */
async function cutBack(shelf: Shelf, pack: OpenPack): Promise<void> {
  try {
    await pack.file?.truncate(pack.length);
  } catch {
    await sealPack(shelf, pack);
  }
}

function accept(shelf: Shelf, pack: OpenPack, entries: readonly Entry[], at: number, segment: Segment): void {
  for (let index = at; index < segment.next; index++) {
    const entry = entries[index]!;
    entry.value = segment.values[index - at]!;
    entry.end = segment.ends[index - at]!;
    entry.pack = pack;
    entry.serial = ++shelf.serials;
    if (!entry.moved) {
      shelf.place.counts.uploaded += 1;
      shelf.place.counts.uploadedBytes += entry.record!.payload.length;
    }
    entry.record = null;
    shelf.accepted.push(entry);
  }
}

/** Appends the entries from `at` on that fit into one pack; resolves with the first that did not. */
async function appendSegment(shelf: Shelf, entries: readonly Entry[], at: number): Promise<number> {
  const { place } = shelf;
  const pack = await packWithRoom(shelf, recordSize(entries[at]!.record!, place.nameLength));
  const segment = assembleSegment(shelf, entries, at, pack);
  try {
    await pack.file!.write(segment.buffers, pack.length);
  } catch (error) {
    await cutBack(shelf, pack);
    throw fileError("write to", pack.path, error);
  }
  // A flush that failed meanwhile gave up this pack: what was just written is lost with it.
  if (pack.failure !== null) throw pack.failure;
  pack.length += segment.bytes;
  shelf.dirty.add(pack);
  accept(shelf, pack, entries, at, segment);
  return segment.next;
}

async function appendGroup(shelf: Shelf, batches: readonly Batch[]): Promise<void> {
  const entries = batches.length === 1 ? batches[0]!.entries : batches.flatMap((batch) => batch.entries);
  let failure: Error | null = null;
  try {
    for (let at = 0; at < entries.length; ) at = await appendSegment(shelf, entries, at);
  } catch (error) {
    failure = error as Error;
  }
  for (const batch of batches) {
    const bad = batch.entries.find((entry) => entry.value === null || entry.pack?.failure);
    for (const entry of batch.entries) {
      if (entry.value === null) forgetEntry(shelf, entry);
    }
    batch.settle(bad === undefined ? null : (bad.pack?.failure ?? failure));
  }
}

/** The batches at the head of the queue that go out in one write, taken from it; `first` was taken already. */
function takeGroup(shelf: Shelf, first: Batch): Batch[] {
  const group = [first];
  for (let bytes = first.bytes; bytes < MAX_GROUP_BYTES; ) {
    const next = shelf.jobs[group.length - 1];
    if (next === undefined || "run" in next) break;
    group.push(next);
    bytes += next.bytes;
  }
  // Taken at once: shifting thousands of small jobs one by one would move the queue's rest each time.
  shelf.jobs.splice(0, group.length - 1);
  return group;
}

async function work(shelf: Shelf): Promise<void> {
  if (shelf.working) return;
  shelf.working = true;
  for (let job = shelf.jobs.shift(); job !== undefined; job = shelf.jobs.shift()) {
    if ("run" in job) await job.run();
    else await appendGroup(shelf, takeGroup(shelf, job));
  }
  shelf.working = false;
}

/** Queues entries for appending; their `settle` tells the end. The entries are in `pending` already. */
export function enqueueBatch(shelf: Shelf, batch: Batch): void {
  shelf.jobs.push(batch);
  void work(shelf);
}

/** Runs `run` between two appends, after those queued already; rejects as it does. */
export function enqueueJob(shelf: Shelf, run: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    shelf.jobs.push({ run: () => run().then(resolve, reject) });
    void work(shelf);
  });
}
