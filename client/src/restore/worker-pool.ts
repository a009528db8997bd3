/** The worker threads of one restore, and the shared memory in which they get their jobs. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Xattr } from "../native/native.ts";
import { workerEnvironment } from "../worker-environment.ts";
import type { JobFailure, JobMessage, JobResult } from "./job.ts";
import type { JobContext } from "./run-job.ts";

/** Memory of a usual job; larger ones get memory of their own. */
const SLAB_BYTES = 4 << 20;

interface JobMemory {
  bytes: SharedArrayBuffer;
  /** A view of all of it. */
  view: Buffer;
}

export interface WorkerPool {
  readonly workers: number;
  /** Memory for a job of at most `bytes`; goes back to the pool when the job is done. */
  memory(bytes: number): JobMemory;
  /** Resolves with the entries that failed; rejects when a worker dies. */
  run(memory: JobMemory, length: number, xattrs: [number, readonly Xattr[]][]): Promise<JobFailure[]>;
  close(): Promise<void>;
}

interface Waiting {
  memory: JobMemory;
  resolve(failures: JobFailure[]): void;
  reject(error: Error): void;
}

export function startWorkers(count: number, context: JobContext): WorkerPool {
  const free: JobMemory[] = [];
  const waiting = new Map<number, Waiting>();
  const load: number[] = new Array(count).fill(0);
  let nextId = 1;
  let dead: Error | undefined;

  function fail(error: Error): void {
    dead ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function finished(worker: number, { id, failures }: JobResult): void {
    load[worker]! -= 1;
    const job = waiting.get(id);
    waiting.delete(id);
    if (job === undefined) return;
    if (job.memory.bytes.byteLength === SLAB_BYTES) free.push(job.memory);
    job.resolve(failures);
  }

  function start(index: number): Worker {
    const worker = startWorker(context);
    worker.on("message", (result: JobResult) => finished(index, result));
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`a worker thread ended with code ${code}`)));
    return worker;
  }

  // A worker takes a while to start: a small restore gets along with one.
  const workers: (Worker | undefined)[] = new Array(count).fill(undefined);

  return {
    workers: count,
    memory(bytes) {
      const kept = bytes <= SLAB_BYTES ? free.pop() : undefined;
      if (kept !== undefined) return kept;
      const shared = new SharedArrayBuffer(Math.max(bytes, SLAB_BYTES));
      return { bytes: shared, view: Buffer.from(shared) };
    },
    async run(memory, length, xattrs) {
      if (dead !== undefined) throw dead;
      const id = nextId++;
      // The first of the least loaded: an idle one that runs already comes before one that would have to start.
      const index = load.indexOf(Math.min(...load));
      load[index]! += 1;
      return await new Promise((resolve, reject) => {
        waiting.set(id, { memory, resolve, reject });
        const message: JobMessage = { id, bytes: memory.bytes, length, xattrs };
        workers[index] ??= start(index);
        workers[index].postMessage(message);
      });
    },
    async close() {
      const running = workers.filter((worker) => worker !== undefined);
      for (const worker of running) worker.removeAllListeners("exit").postMessage(null);
      if (dead === undefined) await Promise.all(running.map(async (worker) => await once(worker, "exit")));
      else await Promise.all(running.map(async (worker) => await worker.terminate()));
    },
  };
}

function startWorker(context: JobContext): Worker {
  const source = import.meta.url.endsWith(".ts");
  const file = new URL(source ? "./restore-worker.ts" : "./restore-worker.js", import.meta.url);
  const execArgv = source ? ["--conditions=source", "--disable-warning=ExperimentalWarning"] : [];
  return new Worker(file, {
    workerData: context,
    execArgv,
    env: workerEnvironment(),
    trackUnmanagedFds: false,
  });
}
