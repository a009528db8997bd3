/** Threads that run the encoder's requests: started when there is work, ended when there is none for a while. */
import { Worker } from "node:worker_threads";
import type { EncodeAnswer, EncodeRequest } from "./encode-message.ts";

const IDLE_EXIT_MS = 10_000;

/** One request on its way to a thread. */
export interface Work {
  readonly message: EncodeRequest;
  readonly transfer: ArrayBuffer[];
  done(results: EncodeAnswer): void;
  fail(error: Error): void;
}

export interface WorkerThreads {
  /** Gives work to threads that have none, as long as `next` has some. */
  run(): void;
  /** Ends all threads; their work fails. */
  close(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  work: Work | null;
  idle: NodeJS.Timeout | null;
}

function startWorker(): Worker {
  // Sources are run as they are: the worker's imports must then resolve to sources too.
  const source = import.meta.url.endsWith(".ts");
  const url = new URL(source ? "./encode-worker.ts" : "./encode-worker.js", import.meta.url);
  return new Worker(url, { execArgv: source ? ["--conditions=source"] : [] });
}

function rest(threads: Set<Thread>, thread: Thread): void {
  thread.worker.unref();
  thread.idle ??= setTimeout(() => {
    threads.delete(thread);
    void thread.worker.terminate();
  }, IDLE_EXIT_MS).unref();
}

/** At most `size` threads; `next` hands out the work. */
export function createWorkerThreads(size: number, next: () => Work | undefined): WorkerThreads {
  const threads = new Set<Thread>();

  const finish = (thread: Thread, results: EncodeAnswer | Error): void => {
    const { work } = thread;
    thread.work = null;
    if (results instanceof Error) work?.fail(results);
    else work?.done(results);
    run();
  };
  const drop = (thread: Thread, error: Error): void => {
    threads.delete(thread);
    if (thread.idle !== null) clearTimeout(thread.idle);
    thread.work?.fail(error);
    thread.work = null;
  };
  const start = (): Thread => {
    const thread: Thread = { worker: startWorker(), work: null, idle: null };
    threads.add(thread);
    thread.worker.on("message", (results) => finish(thread, results));
    thread.worker.on("error", (error) => drop(thread, error));
    thread.worker.on("exit", () => drop(thread, new Error("a thread of the encoder ended")));
    return thread;
  };
  const give = (thread: Thread, work: Work): void => {
    if (thread.idle !== null) clearTimeout(thread.idle);
    thread.idle = null;
    thread.work = work;
    thread.worker.ref();
    thread.worker.postMessage(work.message, work.transfer);
  };
  const free = (): Thread | null => {
    for (const thread of threads) if (thread.work === null) return thread;
    return null;
  };
  const run = (): void => {
    for (let thread = free(); thread !== null || threads.size < size; thread = free()) {
      const work = next();
      if (work === undefined) break;
      give(thread ?? start(), work);
    }
    for (const thread of threads) if (thread.work === null) rest(threads, thread);
  };
  return {
    run,
    async close() {
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}
