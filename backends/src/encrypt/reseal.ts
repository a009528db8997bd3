/** Seals data and nodes anew that are sealed with older data keys, in steps that are durable. */
import { isDamage, type RecordKind } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { recordKeyRange } from "../blobsfile/location.ts";
import { decodeEntry } from "./index-entry.ts";
import { newestKey } from "./key-ring.ts";
import { readBatches } from "./list.ts";
import type { Vault } from "./vault.ts";

/** Entries that are looked at together, and bytes between two flushes: what an interruption may undo. */
const PAGE_ENTRIES = 4096;
const FLUSH_BYTES: number = 64 * 1024 * 1024;
/** The log stays: the order of its records has a meaning, and checkpoints replace it in time. */
const KINDS: readonly RecordKind[] = ["data", "node"];

export interface ResealOptions {
  signal?: AbortSignal | undefined;
  /** Told from time to time how many records and bytes of content are done. */
  onProgress?: ((records: number, bytes: number) => void) | undefined;
}

/** What was sealed anew. */
export interface ResealSummary {
  records: number;
  /** Bytes of payloads. */
  bytes: number;
  /** Records that cannot be read, and stay as they are. */
  damaged: number;
}

interface Old {
  readonly name: Buffer;
  readonly payloadLength: number;
}

async function* oldOnes(vault: Vault, kind: RecordKind): AsyncGenerator<Old[]> {
  const { epoch: newest } = newestKey(vault.keys.ring);
  let page: Old[] = [];
  for await (const [key, value] of vault.index.entries(...recordKeyRange(kind))) {
    const { epoch, payloadLength } = decodeEntry(value);
    if (epoch < newest) page.push({ name: Buffer.from(key.subarray(1)), payloadLength });
    if (page.length < PAGE_ENTRIES) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

async function resealBatch(
  backend: Backend,
  kind: RecordKind,
  names: readonly Buffer[],
  summary: ResealSummary,
): Promise<void> {
  try {
    const records = (await backend.getMany(kind, names)).filter((record) => record !== null);
    await backend.replaceMany(kind, records);
    summary.records += records.length;
    summary.bytes += records.reduce((sum, { payload }) => sum + payload.length, 0);
  } catch (error) {
    if (!isDamage(error)) throw error;
    if (names.length === 1) summary.damaged += 1;
    else for (const name of names) await resealBatch(backend, kind, [name], summary);
  }
}

/** See StoreKeys.reseal. `backend` is the sealed one itself. */
export async function reseal(vault: Vault, backend: Backend, options: ResealOptions): Promise<ResealSummary> {
  const { signal, onProgress } = options;
  const summary: ResealSummary = { records: 0, bytes: 0, damaged: 0 };
  let flushed = 0;
  for (const kind of KINDS) {
    for await (const page of oldOnes(vault, kind)) {
      for (const batch of readBatches(page)) {
        signal?.throwIfAborted();
        const names = batch.map(({ name }) => name);
        await resealBatch(backend, kind, names, summary);
        onProgress?.(summary.records, summary.bytes);
        if (summary.bytes - flushed < FLUSH_BYTES) continue;
        await backend.flush();
        flushed = summary.bytes;
      }
    }
  }
  await backend.flush();
  return summary;
}
