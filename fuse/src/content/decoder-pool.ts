/** Decodes and verifies chunks in threads, so that neither metadata nor other reads wait for it. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { contentOf, type RecordChain } from "@datadb/client";
import { type BlobRecord, DamagedError, type HashAlgorithm } from "@datadb/protocol";
import type { DecodeJob, DecodeResult, PackedRecord } from "./decode-messages.ts";
import type { Slab, SlabPool } from "./slab-pool.ts";

/** Less content than this is decoded faster here than a thread can be told of it. */
const SMALL_BYTES = 160 * 1024;
const MOST_THREADS = 4;

interface DecodedBatch {
  /** Verified contents in order; an Error stands for what is missing or damaged. */
  contents: (Buffer | Error)[];
  /** What the contents lie in, to be given back by the caller; null: in memory of their own. */
  slab: Slab | null;
}

export interface DecoderPool {
  /** Rejects when a thread dies. */
  decode(chains: readonly RecordChain[]): Promise<DecodedBatch>;
  /** Resolves when the threads have started: the first reader should not have to wait for them. */
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  thread: number;
  resolve(errors: (string | null)[]): void;
  reject(error: Error): void;
}

export function startDecoders(hash: HashAlgorithm, slabs: SlabPool): DecoderPool {
  const count = Math.max(1, Math.min(MOST_THREADS, availableParallelism()));
  const threads: (Worker | undefined)[] = new Array(count).fill(undefined);
  const load: number[] = new Array(count).fill(0);
  const waiting = new Map<number, Waiting>();
  let nextId = 1;

  function start(index: number): Worker {
    const thread = startThread();
    thread.on("message", ({ id, errors }: DecodeResult) => {
      load[index]! -= 1;
      waiting.get(id)?.resolve(errors);
      waiting.delete(id);
    });
    thread.on("error", (error) => {
      threads[index] = undefined;
      load[index] = 0;
      for (const [id, job] of waiting) {
        if (job.thread !== index) continue;
        waiting.delete(id);
        job.reject(error as Error);
      }
    });
    return thread;
  }

  async function inThread(chains: readonly BlobRecord[][], contents: Slab): Promise<(string | null)[]> {
    const index = load.indexOf(Math.min(...load));
    const payloads = slabs.take(payloadBytes(chains));
    const job = pack(nextId++, hash, chains, payloads, contents);
    const thread = threads[index] ?? start(index);
    threads[index] = thread;
    load[index]! += 1;
    const errors = await new Promise<(string | null)[]>((resolve, reject) => {
      waiting.set(job.id, { thread: index, resolve, reject });
      thread.postMessage(job);
    });
    slabs.give(payloads);
    return errors;
  }

  async function batch(chains: readonly RecordChain[], bytes: number): Promise<DecodedBatch> {
    const slab = slabs.take(bytes);
    const sound = chains.filter((chain): chain is BlobRecord[] => !(chain instanceof Error));
    const errors = await inThread(sound, slab);
    let at = 0;
    let next = 0;
    const contents = chains.map((chain) => {
      if (chain instanceof Error) return chain;
      const content = slab.view.subarray(at, at + chain.at(-1)!.length);
      at += content.length;
      const error = errors[next++];
      return error ? new DamagedError(error) : content;
    });
    return { contents, slab };
  }

  return {
    async decode(chains) {
      const bytes = chains.reduce(
        (sum, chain) => sum + (chain instanceof Error ? 0 : chain.at(-1)!.length),
        0,
      );
      if (bytes > SMALL_BYTES) return await batch(chains, bytes);
      return { contents: chains.map((chain) => owned(contentOf(hash, chain))), slab: null };
    },
    async start() {
      const slab = slabs.take(0);
      await Promise.all(threads.map(() => inThread([], slab)));
      slabs.give(slab);
    },
    async close() {
      await Promise.all(threads.map(async (thread) => await thread?.terminate()));
    },
  };
}

/** A content that is a view would keep all of what was read with it. */
function owned(content: Buffer | Error): Buffer | Error {
  return content instanceof Error || content.buffer.byteLength === content.length
    ? content
    : Buffer.from(content);
}

function payloadBytes(chains: readonly BlobRecord[][]): number {
  let bytes = 0;
  for (const chain of chains) for (const { payload } of chain) bytes += payload.length;
  return bytes;
}

/** Payloads are often views of one large buffer: only what they show is sent. */
function pack(
  id: number,
  hash: HashAlgorithm,
  chains: readonly BlobRecord[][],
  payloads: Slab,
  contents: Slab,
): DecodeJob {
  let at = 0;
  const packed = chains.map((chain) =>
    chain.map(({ payload, name, base, ...rest }): PackedRecord => {
      payload.copy(payloads.view, at);
      const from = at;
      at += payload.length;
      return {
        ...rest,
        name: Uint8Array.from(name),
        base: base === null ? null : Uint8Array.from(base),
        from,
        to: at,
      };
    }),
  );
  return { id, hash, payloads: payloads.memory, contents: contents.memory, chains: packed };
}

function startThread(): Worker {
  const source = import.meta.url.endsWith(".ts");
  const file = new URL(source ? "./decode-worker.ts" : "./decode-worker.js", import.meta.url);
  const execArgv = source ? ["--conditions=source", "--disable-warning=ExperimentalWarning"] : [];
  return new Worker(file, { execArgv, trackUnmanagedFds: false });
}
