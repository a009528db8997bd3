/** Workers are started when they have work, and none once the pool is closed: a thread keeps a process alive. */
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SLAB_BYTES, slabMemory, slabStart } from "../chunker/slab-memory.ts";
import { slabsFor, WorkerPool } from "./worker-pool.ts";

const WORKERS = 3;
const slabs = slabsFor(WORKERS);
const nothing = (): void => {};
const listener = { started: nothing, part: nothing };

let started = 0;
const count = (_worker: Worker): void => {
  started++;
};

/** The process tells of a worker a moment after it was started. */
async function startedNow(): Promise<number> {
  await new Promise(setImmediate);
  return started;
}

beforeEach(() => {
  started = 0;
  process.on("worker", count);
});
afterEach(() => {
  process.off("worker", count);
});

function newPool(failed: (error: Error) => void = nothing): WorkerPool {
  return new WorkerPool(
    {
      memory: slabMemory(slabs, WORKERS),
      hash: "sha256",
      chunker: { algorithm: "gear", min: 16 << 10, avg: 64 << 10, max: 512 << 10 },
      encode: true,
      files: false,
      rules: { exclude: [], gitignore: false, excludeCaches: false, storeId: "", read: true },
      users: new Map(),
      groups: new Map(),
    },
    { workers: WORKERS, atOnce: 1, slabs },
    {
      batch: nothing,
      nodes: nothing,
      fetch: () => Promise.reject(new Error("nothing is fetched")),
      progress: nothing,
      nativeMissing: nothing,
      idle: nothing,
      failed,
    },
  );
}

/** One chunk of a slab of its own. */
const chunkOf = (slab: number): Uint32Array<ArrayBuffer> => Uint32Array.of(slabStart(slab), SLAB_BYTES / 8);

test("workers are started for rows of their number, and for chunks that wait", async () => {
  const pool = newPool();
  expect(await startedNow()).toBe(1);
  await pool.rows({ worker: 1, lane: 0 }, null, listener);
  expect(started).toBe(2);
  await Promise.all(Array.from({ length: slabs }, (_, slab) => pool.encodeInPlace(chunkOf(slab))));
  expect(started).toBe(WORKERS);
  await pool.close();
});

test("a closed pool starts nobody, for rows or for chunks that still wait when a slab comes back", async () => {
  const failures: Error[] = [];
  const pool = newPool((error) => failures.push(error));
  const waiting = Array.from({ length: 6 }, (_, slab) => pool.encodeInPlace(chunkOf(slab)));
  const encoded = Promise.allSettled(waiting);
  const closing = pool.close(new Error("interrupted"));
  // More than one worker can be given, as when the store accepts what it was given before.
  const late = Array.from({ length: 6 }, (_, slab) => pool.encodeInPlace(chunkOf(slab)));
  const ended = Promise.allSettled(late);
  pool.releaseSlab(0);
  await closing;
  const reading = pool.rows({ worker: 2, lane: 0 }, [], listener);
  reading.catch(nothing);
  expect((await encoded).some(({ status }) => status === "rejected")).toBe(true);
  expect((await ended).every(({ status }) => status === "rejected")).toBe(true);
  expect(await startedNow()).toBe(1);
  await expect(reading).rejects.toThrow("closed");
  expect(failures).toEqual([]);
});
