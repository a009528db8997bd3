/** The encoder over worker threads: contents that come together travel together. */
import { availableParallelism } from "node:os";
import { type BlobRecord, type HashAlgorithm, MIN_COMPRESS_BYTES } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";
import {
  type ChainRecord,
  chainRecord,
  type EncodeRequest,
  type EncodeResult,
  type EncodeTask,
  recordOf,
} from "./encode-message.ts";
import { encodeTask } from "./encode-task.ts";
import type { AnewJob, Encoder } from "./encoder.ts";
import { createWorkerThreads, type Work } from "./worker-threads.ts";

/** Contents up to this size are copied into one ArrayBuffer per message: a transfer costs more than their copy. */
const SMALL_BYTES: number = 16 * 1024;
/** Content in one message: about 2 ms of work, so that all threads get some. */
const BATCH_BYTES: number = 512 * 1024;
const BATCH_TASKS = 256;

interface Job {
  readonly kind: BlobKind;
  readonly content: Buffer;
  /** Empty without a base. */
  readonly chain: readonly BlobRecord[];
  resolve(record: BlobRecord): void;
  reject(error: Error): void;
}

function ownsMemory({ byteLength, buffer }: Buffer): boolean {
  return byteLength === buffer.byteLength && buffer instanceof ArrayBuffer && byteLength > SMALL_BYTES;
}

/** Tasks for jobs, and the memory that goes with them. Contents that share memory with others are copied, together. */
function requestOf(
  hash: HashAlgorithm,
  jobs: readonly Job[],
): { message: EncodeRequest; transfer: ArrayBuffer[] } {
  let bytes = 0;
  for (const { content } of jobs) if (!ownsMemory(content)) bytes += content.length;
  const shared = new Uint8Array(bytes);
  // The same buffer may be put twice: memory is transferred once.
  const transfer = new Set<ArrayBuffer>([shared.buffer]);
  let at = 0;
  const encode = jobs.map(({ kind, content, chain: records }): EncodeTask => {
    const chain = records.length === 0 ? null : records.map(chainRecord);
    for (const { payload } of chain ?? []) transfer.add(payload.buffer as ArrayBuffer);
    if (ownsMemory(content)) {
      transfer.add(content.buffer as ArrayBuffer);
      return { kind, bytes: content, chain };
    }
    const copy = shared.subarray(at, at + content.length);
    copy.set(content);
    at += content.length;
    return { kind, bytes: copy, chain };
  });
  return { message: { hash, encode }, transfer: [...transfer] };
}

function takeBatch(queue: Job[]): Job[] {
  let bytes = 0;
  let count = 0;
  while (count < queue.length && count < BATCH_TASKS) {
    bytes += (queue[count] as Job).content.length;
    if (count > 0 && bytes > BATCH_BYTES) break;
    count += 1;
  }
  return queue.splice(0, count);
}

function encodeWork(hash: HashAlgorithm, jobs: readonly Job[]): Work {
  return {
    ...requestOf(hash, jobs),
    done: (results) =>
      jobs.forEach(({ kind, resolve }, at) => {
        resolve(recordOf(kind, results[at] as EncodeResult));
      }),
    fail: (error) => {
      for (const { reject } of jobs) reject(error);
    },
  };
}

function verifyWork(
  hash: HashAlgorithm,
  chains: readonly (readonly BlobRecord[])[],
  resolve: (good: boolean[]) => void,
  fail: (error: Error) => void,
): Work {
  const verify = chains.map((chain) => chain.map(chainRecord));
  return {
    message: { hash, verify },
    transfer: verify.flatMap((chain) => chain.map(({ payload }) => payload.buffer as ArrayBuffer)),
    done: (results) => resolve(results as boolean[]),
    fail,
  };
}

function anewWork(
  hash: HashAlgorithm,
  jobs: readonly AnewJob[],
  resolve: (records: (BlobRecord | null)[]) => void,
  fail: (error: Error) => void,
): Work {
  const anew = jobs.map(({ chain, base }) => ({ chain: chain.map(chainRecord), base }));
  const kinds = anew.map(({ chain }) => (chain.at(-1) as ChainRecord).kind);
  const restored = (result: EncodeResult | null, at: number): BlobRecord | null =>
    result && recordOf(kinds[at] as BlobKind, result);
  return {
    message: { hash, anew },
    transfer: anew.flatMap(({ chain }) => chain.map(({ payload }) => payload.buffer as ArrayBuffer)),
    done: (results) => resolve((results as (EncodeResult | null)[]).map(restored)),
    fail,
  };
}

/** An encoder for a store with this hash; `size`: threads at most, one for each core when absent. */
export function createEncoderPool(hash: HashAlgorithm, size: number = availableParallelism()): Encoder {
  const jobs: Job[] = [];
  const works: Work[] = [];
  let scheduled = false;
  let closed = false;
  const threads = createWorkerThreads(
    size,
    () => works.shift() ?? (jobs.length > 0 ? encodeWork(hash, takeBatch(jobs)) : undefined),
  );
  const schedule = (): void => {
    if (scheduled) return;
    // What comes in the same turn of the event loop shares a message.
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      threads.run();
    });
  };
  /** In equal parts for all threads; the results in the order of the items. */
  const shared = async <T, R>(
    items: readonly T[],
    work: (part: readonly T[], resolve: (results: R[]) => void, fail: (error: Error) => void) => Work,
  ): Promise<R[]> => {
    if (closed) throw new TypeError("the encoder is closed");
    const share = Math.max(1, Math.ceil(items.length / size));
    const parts: Promise<R[]>[] = [];
    for (let at = 0; at < items.length; at += share) {
      const part = items.slice(at, at + share);
      parts.push(new Promise((resolve, reject) => works.push(work(part, resolve, reject))));
    }
    schedule();
    return (await Promise.all(parts)).flat() as R[];
  };
  return {
    encode(kind, content, chain = []) {
      if (closed) return Promise.reject(new TypeError("the encoder is closed"));
      if (content.length < MIN_COMPRESS_BYTES) {
        return Promise.resolve(
          recordOf(kind, encodeTask(hash, { kind, bytes: Buffer.from(content), chain: null })),
        );
      }
      return new Promise((resolve, reject) => {
        jobs.push({ kind, content, chain, resolve, reject });
        schedule();
      });
    },
    verify: (chains) => shared(chains, (part, resolve, fail) => verifyWork(hash, part, resolve, fail)),
    encodeAnew: (anew) => shared(anew, (part, resolve, fail) => anewWork(hash, part, resolve, fail)),
    async close() {
      closed = true;
      for (const job of jobs.splice(0)) job.reject(new Error("the encoder was closed"));
      for (const work of works.splice(0)) work.fail(new Error("the encoder was closed"));
      await threads.close();
    },
  };
}
