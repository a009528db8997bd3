/** The Backend object over recovered shelves: which operation goes where, and when it may begin. */
import { type BlobRecord, RECORD_KINDS, ReadOnlyError, type RecordKind } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { replaceMany } from "./append-anew.ts";
import { enqueueJob } from "./append-queue.ts";
import { compact } from "./compact.ts";
import { distrustMany, setAside } from "./distrust.ts";
import { flushShelves } from "./flush.ts";
import { getMany, statMany } from "./get-many.ts";
import { hasMany } from "./has-many.ts";
import { list, packFacts } from "./list.ts";
import { closeFile } from "./pack-lifecycle.ts";
import { putMany } from "./put-many.ts";
import { reindex } from "./reindex.ts";
import { removeMany } from "./remove-many.ts";
import type { Place, Shelf } from "./shelf.ts";

/** Bounds the memory of what is accepted and not yet in the index (about 200 bytes a record). */
const MAX_ACCEPTED_RECORDS = 65_536;

/** Records by kind; nearly always there is one. */
function byKind(records: readonly BlobRecord[]): [RecordKind, readonly BlobRecord[]][] {
  const kind = records[0]?.kind;
  if (kind !== undefined && records.every((record) => record.kind === kind)) return [[kind, records]];
  return RECORD_KINDS.map((one) => [one, records.filter((record) => record.kind === one)]);
}

async function release(place: Place, shelves: readonly Shelf[]): Promise<void> {
  for (const shelf of shelves) {
    if (shelf.current !== null) await closeFile(place, shelf.current);
    for (const pack of shelf.dirty) await closeFile(place, pack);
  }
  await place.handles.close();
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

/** Who may begin when: nobody after close, nobody but the reindex while it runs. */
interface Gate {
  closing: Promise<void> | null;
  reindexing: Promise<unknown> | null;
}

async function pass(gate: Gate, place: Place, signal?: AbortSignal): Promise<void> {
  if (gate.closing !== null) throw new TypeError(`${place.description} is closed`);
  signal?.throwIfAborted();
  while (gate.reindexing !== null) await gate.reindexing.catch(() => {});
}

/** All are waited for before the first error is told: the caller may close at once. */
async function allSettled(running: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(running);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** A ready backend over these shelves. */
export function createBlobsfile(place: Place, shelves: readonly Shelf[]): Backend {
  const gate: Gate = { closing: null, reindexing: null };
  const enter = (signal?: AbortSignal): Promise<void> => pass(gate, place, signal);
  const shelfOf = (kind: RecordKind): Shelf => shelves.find((shelf) => shelf.kind === kind)!;
  const enterWritable = async (signal?: AbortSignal): Promise<void> => {
    await enter(signal);
    if (place.readOnly) throw new ReadOnlyError(`${place.description} is opened read-only`);
  };
  const shut = async (): Promise<void> => {
    try {
      await gate.reindexing?.catch(() => {});
      // Appends that were under way may still bring something to flush.
      await Promise.all(shelves.map((shelf) => enqueueJob(shelf, async () => {})));
      await flushShelves(shelves);
    } finally {
      await release(place, shelves);
    }
  };
  return {
    type: "blobsfile",
    description: place.description,
    capabilities: { cold: false, ranged: true, durable: true, writable: !place.readOnly },
    inner: [],
    hasMany: (kind, names, signal) => enter(signal).then(() => hasMany(shelfOf(kind), names, signal)),
    async putMany(records, signal) {
      await enterWritable(signal);
      const puts = byKind(records).map(([kind, some]) => putMany(shelfOf(kind), some, enter));
      await allSettled(puts);
      if (shelves.some(({ accepted }) => accepted.length > MAX_ACCEPTED_RECORDS)) await flushShelves(shelves);
    },
    getMany: (kind, names, signal) => enter(signal).then(() => getMany(shelfOf(kind), names, signal)),
    statMany: (kind, names, signal) => enter(signal).then(() => statMany(shelfOf(kind), names)),
    async *list(kind, signal, pack) {
      await enter(signal);
      yield* list(shelfOf(kind), signal, pack);
    },
    packs: (kind) => enter().then(() => packFacts(shelfOf(kind))),
    async distrustMany(kind, names) {
      await enterWritable();
      await distrustMany(shelfOf(kind), names);
    },
    async setAside(kind, names) {
      await enterWritable();
      return setAside(shelfOf(kind), names);
    },
    async removeMany(kind, names) {
      await enterWritable();
      await removeMany(shelfOf(kind), names);
    },
    async replaceMany(kind, records) {
      await enterWritable();
      await replaceMany(shelfOf(kind), records);
    },
    async compact(options) {
      await enterWritable(options.signal);
      return compact(shelves, options);
    },
    async flush(kinds = RECORD_KINDS) {
      await enter();
      await flushShelves(shelves.filter(({ kind }) => kinds.includes(kind)));
    },
    async reindex(signal) {
      await enter(signal);
      const running = reindex(place, shelves, signal);
      gate.reindexing = running;
      try {
        return await running;
      } finally {
        gate.reindexing = null;
      }
    },
    counters: () => ({
      ...countersOf(place),
      "packs-lost": shelves.reduce((sum, { lostFrom }) => sum + lostFrom.size, 0),
    }),
    async close() {
      gate.closing ??= shut();
      await gate.closing;
    },
  };
}
