/**
 * Gathers work into jobs of a few MiB: their records are fetched together, go to a worker in shared memory, and
 * count against a fixed number of jobs under way, which bounds the memory of a restore.
 */
import { DamagedError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Xattr } from "../native/native.ts";
import { fetchChains, type RecordChain } from "../tree/fetch-chains.ts";
import { fetchRecords } from "../tree/fetch-records.ts";
import type { ContentPart, JobFailure } from "./job.ts";
import { type JobWriter, jobWriter } from "./job-writer.ts";
import { outOfReach } from "./out-of-reach.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** Content bytes and names of a job. */
const JOB_BYTES = 3 << 20;
const JOB_NAMES = 768;
/** Different directories in one job: each holds a descriptor. */
const JOB_DIRECTORIES = 64;

/** A piece of work for a worker. */
export interface Unit {
  /** Data blobs it needs, with the place of each in the file. */
  blobs: readonly { name: Buffer; offset: number; length: number }[];
  /** Content bytes, for sizing jobs. */
  bytes: number;
  /** Memory that its entry takes once the records are known. */
  space(parts: readonly ContentPart[]): number;
  write(writer: JobWriter, parts: readonly ContentPart[]): void;
  xattrs?: readonly Xattr[];
  /** Descriptor that a job holds open for it; counted when it differs from the one before. */
  fd: number;
  /** Called exactly once: null when it worked. */
  done(failure: Omit<JobFailure, "index"> | Error | null): void;
}

export interface Batches {
  /** Adds work; waits while too many jobs are under way. */
  add(unit: Unit): Promise<void>;
  /** Sends what is gathered. */
  flush(): Promise<void>;
  /** Sends what is gathered, and waits for everything under way. */
  settle(): Promise<void>;
  /** Gives up what is gathered, and waits for everything under way. */
  abandon(error: Error): Promise<void>;
}

export function batches(connection: Connection, pool: WorkerPool, fail: (error: Error) => void): Batches {
  const limit = pool.workers * 2 + 2;
  const running = new Set<Promise<void>>();
  let units: Unit[] = [];
  let bytes = 0;
  let names = 0;
  let directories = 0;
  let given: Error | undefined;

  async function run(batch: readonly Unit[]): Promise<void> {
    const wanted = batch.flatMap(({ blobs }) => blobs.map(({ name }) => name));
    const records = await fetchRecords(connection, "data", wanted);
    const chains = await fetchChains(connection, "data", wanted, records);
    let at = 0;
    const broken: [Unit, Error][] = [];
    const ready: { unit: Unit; parts: ContentPart[] }[] = [];
    for (const [index, { length }] of batch.flatMap(({ blobs }) => blobs).entries()) {
      chains[index] = ofLength(chains[index]!, length);
    }
    for (const unit of batch) {
      const own = chains.slice(at, at + unit.blobs.length);
      at += unit.blobs.length;
      const failed = own.findIndex((chain) => chain instanceof Error);
      if (failed >= 0) broken.push([unit, outOfReach(own[failed] as Error, unit.blobs[failed]!)]);
      else
        ready.push({
          unit,
          parts: own.map((chain, i) => ({ offset: unit.blobs[i]!.offset, chain }) as ContentPart),
        });
    }
    await runJob(pool, ready);
    for (const [unit, error] of broken) unit.done(error);
  }

  async function send(): Promise<void> {
    const batch = units;
    units = [];
    bytes = names = directories = 0;
    if (batch.length === 0) return;
    while (running.size >= limit) await Promise.race(running);
    const job: Promise<void> = run(batch)
      .catch((error: Error) => {
        fail(error);
        for (const unit of batch) unit.done(error);
      })
      .finally(() => running.delete(job));
    running.add(job);
  }

  return {
    async add(unit) {
      if (given !== undefined) return unit.done(given);
      if (units.at(-1)?.fd !== unit.fd) directories++;
      units.push(unit);
      bytes += unit.bytes;
      names += unit.blobs.length + 1;
      if (bytes >= JOB_BYTES || names >= JOB_NAMES || directories >= JOB_DIRECTORIES) await send();
    },
    flush: send,
    async settle() {
      await send();
      await Promise.all(running);
    },
    async abandon(error) {
      given = error;
      for (const unit of units.splice(0)) unit.done(error);
      await Promise.all(running);
    },
  };
}

async function runJob(
  pool: WorkerPool,
  ready: readonly { unit: Unit; parts: ContentPart[] }[],
): Promise<void> {
  if (ready.length === 0) return;
  const space = ready.reduce((sum, { unit, parts }) => sum + unit.space(parts), 0);
  const memory = pool.memory(space);
  const writer = jobWriter(memory.view);
  const xattrs: [number, readonly Xattr[]][] = [];
  ready.forEach(({ unit, parts }, index) => {
    unit.write(writer, parts);
    if (unit.xattrs !== undefined && unit.xattrs.length > 0) xattrs.push([index, unit.xattrs]);
  });
  const failures = new Map((await pool.run(memory, writer.length, xattrs)).map((one) => [one.index, one]));
  // Nothing after this may throw: each unit hears of its end exactly once.
  for (const [index, { unit }] of ready.entries()) unit.done(failures.get(index) ?? null);
}

/** A blob that is longer or shorter than its place would leave or overwrite bytes of its neighbours. */
function ofLength(chain: RecordChain, length: number): RecordChain {
  if (chain instanceof Error) return chain;
  const { name, length: found } = chain.at(-1)!;
  if (found === length) return chain;
  return new DamagedError(`blob ${name.toString("hex")} has ${found} bytes where ${length} belong`);
}
