/** The threads that decode: each job goes to the one with the fewest. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import {
  type DecodeJob,
  type DecodeRequest,
  type DecodeResult,
  type ReadJob,
  slabTeller,
  type TellSlab,
} from "./decode-messages.ts";

const MOST_THREADS = 4;

interface DecoderThread {
  worker: Worker;
  tell: TellSlab;
  jobs: Map<number, { resolve(errors: (string | null)[]): void; reject(error: Error): void }>;
}

export interface DecoderThreads {
  /** For each content null, or why it cannot be had. Rejects when the thread dies: nobody uses the memory of the job then. */
  run(job: (tell: TellSlab) => DecodeJob | ReadJob): Promise<(string | null)[]>;
  /** How many there are when all have started. */
  readonly count: number;
  close(): Promise<void>;
}

export function createDecoderThreads(): DecoderThreads {
  const count = Math.max(1, Math.min(MOST_THREADS, availableParallelism()));
  const threads = new Set<DecoderThread>();
  let nextId = 1;

  function start(): DecoderThread {
    const thread: DecoderThread = { worker: startWorker(), tell: slabTeller(), jobs: new Map() };
    threads.add(thread);
    thread.worker.on("message", ({ id, errors }: DecodeResult) => {
      thread.jobs.get(id)?.resolve(errors);
      thread.jobs.delete(id);
    });
    thread.worker.on("error", (error) => {
      threads.delete(thread);
      for (const { reject } of thread.jobs.values()) reject(error as Error);
    });
    return thread;
  }

  function idlest(): DecoderThread {
    let best: DecoderThread | undefined;
    for (const thread of threads) if (best === undefined || thread.jobs.size < best.jobs.size) best = thread;
    return best === undefined || (best.jobs.size > 0 && threads.size < count) ? start() : best;
  }

  return {
    count,
    run(job) {
      const thread = idlest();
      const request: DecodeRequest = { id: nextId++, job: job(thread.tell) };
      return new Promise((resolve, reject) => {
        thread.jobs.set(request.id, { resolve, reject });
        thread.worker.postMessage(request);
      });
    },
    async close() {
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}

function startWorker(): Worker {
  const source = import.meta.url.endsWith(".ts");
  const file = new URL(source ? "./decode-worker.ts" : "./decode-worker.js", import.meta.url);
  const execArgv = source ? ["--conditions=source", "--disable-warning=ExperimentalWarning"] : [];
  return new Worker(file, { execArgv, trackUnmanagedFds: false });
}
