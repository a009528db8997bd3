/** The Backend object over recovered shelves: which operation goes where, and when it may begin. */
import { type BlobRecord, RECORD_KINDS, ReadOnlyError, type RecordKind } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { distrustMany } from "../blobsfile/distrust.ts";
import { hasMany } from "../blobsfile/has-many.ts";
import { removeMany } from "../blobsfile/remove-many.ts";
import { coldStorage } from "./cold-packs.ts";
import { compact } from "./compact.ts";
import { flushShelves } from "./flush.ts";
import { getMany, statMany } from "./get-many.ts";
import { list, packFacts } from "./list.ts";
import { DIRTY_KEY } from "./pack-entry.ts";
import { readProtection } from "./protection.ts";
import { putMany, replaceMany } from "./put-many.ts";
import { reindex } from "./reindex.ts";
import { setAside } from "./set-aside.ts";
import type { Bucket, Shelf } from "./shelf.ts";

/** Bounds the memory of what is accepted and not yet in the index (about 300 bytes a record). */
const MAX_ACCEPTED_RECORDS = 65_536;

/** Records by kind; nearly always there is one. */
function byKind(records: readonly BlobRecord[]): [RecordKind, readonly BlobRecord[]][] {
  const kind = records[0]?.kind;
  if (kind !== undefined && records.every((record) => record.kind === kind)) return [[kind, records]];
  return RECORD_KINDS.map((one) => [one, records.filter((record) => record.kind === one)]);
}

function countersOf(place: Bucket, shelves: readonly Shelf[]): Record<string, number> {
  const { counts, connection } = place;
  return {
    "blobs-uploaded": counts.uploaded,
    "bytes-uploaded": counts.uploadedBytes,
    "blobs-downloaded": counts.downloaded,
    "bytes-downloaded": counts.downloadedBytes,
    "records-lost": counts.lost,
    "ranges-damaged": counts.damaged,
    "packs-lost": shelves.reduce((sum, { lostFrom }) => sum + lostFrom.size, 0),
    requests: connection.counts.requests,
    retries: connection.counts.retries,
    "bytes-sent": connection.counts.sent,
    "bytes-received": connection.counts.received,
    "open-fds": place.cache.openFiles(),
  };
}

/** Who may begin when: nobody after close, nobody but the reindex while it runs. */
interface Gate {
  closing: Promise<void> | null;
  reindexing: Promise<unknown> | null;
}

async function pass(gate: Gate, place: Bucket, signal?: AbortSignal): Promise<void> {
  if (gate.closing !== null) throw new TypeError(`${place.description} is closed`);
  signal?.throwIfAborted();
  while (gate.reindexing !== null) await gate.reindexing.catch(() => {});
}

/** What is in the bucket is in the index: the next opening need not list it. */
async function shut(place: Bucket, shelves: readonly Shelf[], gate: Gate): Promise<void> {
  try {
    await gate.reindexing?.catch(() => {});
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
  const gate: Gate = { closing: null, reindexing: null };
  const enter = (signal?: AbortSignal): Promise<void> => pass(gate, place, signal);
  const shelfOf = (kind: RecordKind): Shelf => shelves.find((shelf) => shelf.kind === kind)!;
  const enterWritable = async (signal?: AbortSignal): Promise<void> => {
    await enter(signal);
    if (place.readOnly) throw new ReadOnlyError(`${place.description} is opened read-only`);
  };
  return {
    type: "s3",
    description: place.description,
    capabilities: {
      cold: place.connection.options.cold,
      ranged: true,
      durable: true,
      writable: !place.readOnly,
    },
    inner: [],
    ...(place.connection.options.cold ? { cold: coldStorage(shelfOf("data"), enter) } : {}),
    protection: () => enter().then(() => readProtection(place)),
    hasMany: (kind, names, signal) => enter(signal).then(() => hasMany(shelfOf(kind), names, signal)),
    async putMany(records, signal) {
      await enterWritable(signal);
      for (const [kind, some] of byKind(records)) await putMany(shelfOf(kind), some, enter);
      if (shelves.some(({ accepted }) => accepted > MAX_ACCEPTED_RECORDS)) await flushShelves(shelves);
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
    counters: () => countersOf(place, shelves),
    async close() {
      gate.closing ??= shut(place, shelves, gate);
      await gate.closing;
    },
  };
}
