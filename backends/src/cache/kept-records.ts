/** The records of a cache: a blobsfile of their own, bounded, whose failures are nobody's but its own. */
import { type BlobRecord, DatadbError, KIND_BYTE, type RecordKind } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { recordKeys } from "../blobsfile/location.ts";
import type { Recency } from "./recency.ts";

export interface KeptRecords {
  /** Those that are kept, whole; null for the others. Never rejects for what is wrong with the cache. */
  get(kind: RecordKind, names: readonly Buffer[]): Promise<(BlobRecord | null)[]>;
  /** Keeps copies, and lets the least recently used go. */
  keep(records: readonly BlobRecord[]): Promise<void>;
  forget(kind: RecordKind, names: readonly Buffer[]): Promise<void>;
  counters(): Record<string, number>;
  close(): Promise<void>;
}

/** What a record takes beside its payload, about: header, name, place in the index. */
const OVERHEAD_BYTES = 200;
/** After so many bytes the new records are made durable, and their order with them. */
const SAVE_BYTES: number = 16 * 1024 * 1024;
/** When it is full, this part of it is freed at once. */
const FREED_PART = 0.1;
/** Packs with more than this part unused are rewritten then. */
const UNUSED_PART = 0.3;

/** Bytes that a record counts for. */
export function keptBytes(payloadLength: number): number {
  return payloadLength + OVERHEAD_BYTES;
}

/** One by one when one is damaged: it is distrusted by then, and fetched anew from where it is whole. */
async function getWhole(
  backend: Backend,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<(BlobRecord | null)[]> {
  try {
    return await backend.getMany(kind, names);
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    if (names.length <= 1) return names.map(() => null);
  }
  const found: (BlobRecord | null)[] = [];
  for (const name of names) found.push(...(await getWhole(backend, kind, [name])));
  return found;
}

/** Over `backend`, of which at most `size` bytes are used. */
export function createKeptRecords(
  backend: Backend,
  recency: Recency,
  size: number,
  warn: (message: string) => void,
): KeptRecords {
  let unsaved = 0;
  let evicted = 0;
  let tidying: Promise<void> | null = null;
  let failed = false;
  /** A cache that cannot be written is none, until the next opening; it is said once. */
  const quietly = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatadbError)) throw error;
      if (!failed) warn(`the cache ${backend.description} is not used any more: ${error.message}`);
      failed = true;
      return otherwise;
    }
  };
  const evict = async (): Promise<void> => {
    const keys = recency.takeOldest(recency.bytes - size * (1 - FREED_PART));
    evicted += keys.length;
    for (const kind of ["data", "node", "log"] as const) {
      const names = keys.filter((key) => key[0] === KIND_BYTE[kind]).map((key) => key.subarray(1));
      if (names.length > 0) await backend.removeMany(kind, names);
    }
    await backend.compact({ unused: UNUSED_PART });
  };
  const tidy = async (): Promise<void> => {
    if (recency.bytes > size) await evict();
    unsaved = 0;
    await backend.flush();
    await recency.save();
  };
  return {
    async get(kind, names) {
      if (failed) return names.map(() => null);
      const found = await getWhole(backend, kind, names);
      const keys = recordKeys(kind, names);
      for (const [at, record] of found.entries())
        if (record) recency.use(keys[at]!, keptBytes(record.payload.length));
      return found;
    },
    async keep(records) {
      const some = records.filter(({ payload }) => keptBytes(payload.length) <= size * FREED_PART);
      if (failed || some.length === 0) return;
      await quietly(() => backend.putMany(some), undefined);
      for (const { kind, name, payload } of some) {
        recency.use(recordKeys(kind, [name])[0]!, keptBytes(payload.length));
        unsaved += payload.length;
      }
      if (recency.bytes <= size && unsaved <= SAVE_BYTES) return;
      tidying ??= quietly(tidy, undefined).finally(() => {
        tidying = null;
      });
      // More than a tenth too much: who brings more waits.
      if (recency.bytes > size * (1 + FREED_PART)) await tidying;
    },
    async forget(kind, names) {
      for (const key of recordKeys(kind, names)) recency.forget(key);
      await tidying;
      await quietly(() => backend.removeMany(kind, names), undefined);
    },
    counters: () => ({
      "records-evicted": evicted,
      "records-kept": recency.records,
      "bytes-kept": recency.bytes,
    }),
    async close() {
      await tidying;
      if (!failed) await quietly(tidy, undefined);
      await quietly(() => backend.close(), undefined);
    },
  };
}
