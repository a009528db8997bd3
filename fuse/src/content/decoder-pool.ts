/** Decodes and verifies chunks in threads, so that neither metadata nor other reads wait for it. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { contentOf, type RecordChain } from "@datadb/client";
import { type BlobRecord, DamagedError, type HashAlgorithm } from "@datadb/protocol";
import type { DecodeJob, DecodeResult, PackedRecord } from "./decode-messages.ts";

/** Less content than this is decoded faster here than a thread can be told of it. */
const SMALL_BYTES = 160 * 1024;
const MOST_THREADS = 4;

export interface DecoderPool {
  /** Verified contents in order; an Error stands for what is missing or damaged. */
  decode(chains: readonly RecordChain[]): Promise<(Buffer | Error)[]>;
  /** Resolves when the threads have started: the first reader should not have to wait for them. */
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  thread: number;
  resolve(contents: (Uint8Array | string)[]): void;
  reject(error: Error): void;
}

export function startDecoders(hash: HashAlgorithm): DecoderPool {
  const count = Math.max(1, Math.min(MOST_THREADS, availableParallelism()));
  const threads: (Worker | undefined)[] = new Array(count).fill(undefined);
  const load: number[] = new Array(count).fill(0);
  const waiting = new Map<number, Waiting>();
  let nextId = 1;

  function start(index: number): Worker {
    const thread = startThread();
    thread.on("message", ({ id, contents }: DecodeResult) => {
      load[index]! -= 1;
      waiting.get(id)?.resolve(contents);
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

  async function inThread(chains: readonly BlobRecord[][]): Promise<(Buffer | Error)[]> {
    const index = load.indexOf(Math.min(...load));
    const job = pack(nextId++, hash, chains);
    const thread = threads[index] ?? start(index);
    threads[index] = thread;
    load[index]! += 1;
    const contents = await new Promise<(Uint8Array | string)[]>((resolve, reject) => {
      waiting.set(job.id, { thread: index, resolve, reject });
      thread.postMessage(job, [job.payloads]);
    });
    return contents.map((one) =>
      typeof one === "string"
        ? new DamagedError(one)
        : Buffer.from(one.buffer, one.byteOffset, one.byteLength),
    );
  }

  return {
    async decode(chains) {
      const bytes = chains.reduce(
        (sum, chain) => sum + (chain instanceof Error ? 0 : chain.at(-1)!.length),
        0,
      );
      if (bytes <= SMALL_BYTES) return chains.map((chain) => contentOf(hash, chain));
      const sound = chains.filter((chain): chain is BlobRecord[] => !(chain instanceof Error));
      const contents = await inThread(sound);
      let at = 0;
      return chains.map((chain) => (chain instanceof Error ? chain : contents[at++]!));
    },
    async start() {
      await Promise.all(threads.map(() => inThread([])));
    },
    async close() {
      await Promise.all(threads.map(async (thread) => await thread?.terminate()));
    },
  };
}

/** Payloads are often views of one large buffer: only what they show is sent. */
function pack(id: number, hash: HashAlgorithm, chains: readonly BlobRecord[][]): DecodeJob {
  let total = 0;
  for (const chain of chains) for (const { payload } of chain) total += payload.length;
  const bytes = Buffer.from(new ArrayBuffer(total));
  let at = 0;
  const packed = chains.map((chain) =>
    chain.map(({ payload, name, base, ...rest }): PackedRecord => {
      payload.copy(bytes, at);
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
  return { id, hash, payloads: bytes.buffer as ArrayBuffer, chains: packed };
}

function startThread(): Worker {
  const source = import.meta.url.endsWith(".ts");
  const file = new URL(source ? "./decode-worker.ts" : "./decode-worker.js", import.meta.url);
  const execArgv = source ? ["--conditions=source", "--disable-warning=ExperimentalWarning"] : [];
  return new Worker(file, { execArgv, trackUnmanagedFds: false });
}
