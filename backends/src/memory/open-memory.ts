/** Records in this process' memory, gone with it: for tests and trials. Configuration: `memory: {}`. */
import { type BlobRecord, hashLength, type RecordKind, recordSize } from "@datadb/protocol";
import type { Backend, CompactSummary, PackListing, RecordInfo, ReindexSummary } from "../backend.ts";
import type { BackendContext } from "../backend-context.ts";
import type { BackendOptions } from "../backend-options.ts";

/** One endless pack per kind; offsets are what they would be in a file, so that listings look alike. */
interface Shelf {
  records: Map<string, { record: BlobRecord; info: RecordInfo }>;
  end: number;
}

const LISTING_RECORDS = 4096;

function ownCopy(record: BlobRecord): BlobRecord {
  const { kind, encoding, length } = record;
  const base = record.base === null ? null : Buffer.from(record.base);
  return {
    kind,
    name: Buffer.from(record.name),
    encoding,
    base,
    length,
    payload: Buffer.from(record.payload),
  };
}

function infoOf(record: BlobRecord, offset: number): RecordInfo {
  const { kind, name, encoding, base, length, payload } = record;
  return {
    kind,
    name,
    encoding,
    base,
    length,
    payloadLength: payload.length,
    pack: `memory-${kind}`,
    offset,
  };
}

function summaryOf(shelves: readonly Shelf[]): ReindexSummary {
  const all = shelves.filter(({ records }) => records.size > 0);
  const records = all.reduce((sum, one) => sum + one.records.size, 0);
  return { packs: all.length, records, bytes: all.reduce((sum, { end }) => sum + end, 0), damaged: 0 };
}

function replace({ records: kept }: Shelf, records: readonly BlobRecord[]): void {
  for (const record of records) {
    const key = record.name.toString("latin1");
    const old = kept.get(key);
    if (old === undefined) continue;
    const copy = ownCopy(record);
    kept.set(key, { record: copy, info: infoOf(copy, old.info.offset) });
  }
}

const NOTHING_COMPACTED: CompactSummary = { packs: 0, returned: 0, rewritten: 0, unused: 0 };

/** An empty memory backend for a store with this hash. */
export function createMemoryBackend(context: Pick<BackendContext, "hash">): Backend {
  const shelves = new Map<RecordKind, Shelf>();
  const counts = { "blobs-uploaded": 0, "bytes-uploaded": 0, "blobs-downloaded": 0, "bytes-downloaded": 0 };
  let closed = false;

  const shelf = (kind: RecordKind, signal?: AbortSignal): Shelf => {
    if (closed) throw new TypeError("the memory backend is closed");
    signal?.throwIfAborted();
    const found = shelves.get(kind) ?? { records: new Map(), end: 0 };
    shelves.set(kind, found);
    return found;
  };
  const find = (kind: RecordKind, names: readonly Buffer[], signal?: AbortSignal) => {
    const { records } = shelf(kind, signal);
    return names.map((name) => records.get(name.toString("latin1")));
  };
  const put = (record: BlobRecord): void => {
    const into = shelf(record.kind);
    const key = record.name.toString("latin1");
    if (into.records.has(key)) return;
    const kept = ownCopy(record);
    into.records.set(key, { record: kept, info: infoOf(kept, into.end) });
    into.end += recordSize(kept, hashLength(context.hash));
    counts["blobs-uploaded"] += 1;
    counts["bytes-uploaded"] += kept.payload.length;
  };
  const get = (found: { record: BlobRecord } | undefined): BlobRecord | null => {
    if (found === undefined) return null;
    counts["blobs-downloaded"] += 1;
    counts["bytes-downloaded"] += found.record.payload.length;
    return ownCopy(found.record);
  };

  const forget: Backend["removeMany"] = async (kind, names) => {
    const { records } = shelf(kind);
    for (const name of names) records.delete(name.toString("latin1"));
  };

  return {
    type: "memory",
    description: "memory",
    capabilities: { cold: false, ranged: true, durable: false, writable: true },
    inner: [],
    hasMany: async (kind, names, signal) =>
      Uint8Array.from(find(kind, names, signal), (found) => (found ? 1 : 0)),
    async putMany(records, signal) {
      shelf("data", signal);
      records.forEach(put);
    },
    getMany: async (kind, names, signal) => find(kind, names, signal).map(get),
    statMany: async (kind, names, signal) => find(kind, names, signal).map((found) => found?.info ?? null),
    async *list(kind, signal, pack): AsyncGenerator<PackListing> {
      if (pack !== undefined && pack !== `memory-${kind}`) return;
      const infos = [...shelf(kind, signal).records.values()].map(({ info }) => info);
      for (let at = 0; at < infos.length; at += LISTING_RECORDS) {
        signal?.throwIfAborted();
        yield { pack: `memory-${kind}`, kind, records: infos.slice(at, at + LISTING_RECORDS), damaged: [] };
      }
    },
    packs: async (kind) =>
      shelf(kind).records.size === 0 ? [] : [{ pack: `memory-${kind}`, bytes: shelf(kind).end }],
    // Memory is not read back from anywhere: there is nothing to keep of what is forgotten.
    distrustMany: forget,
    setAside: async () => [],
    removeMany: forget,
    replaceMany: async (kind, records) => replace(shelf(kind), records),
    compact: async ({ signal }) => find("data", [], signal) && NOTHING_COMPACTED,
    flush: async () => void shelf("data"),
    reindex: async () => summaryOf(shelf("data") && [...shelves.values()]),
    counters: () => ({ ...counts, "records-lost": 0, "open-fds": 0 }),
    async close() {
      closed = true;
      shelves.clear();
    },
  };
}

/** The opener of `memory: {}`. */
export async function openMemory(options: BackendOptions, context: BackendContext): Promise<Backend> {
  options.done();
  return createMemoryBackend(context);
}
