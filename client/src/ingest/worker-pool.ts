/** The ingest workers, seen from the main thread: jobs, slabs and messages. */
import { Worker } from "node:worker_threads";
import { inputStart, SLAB_BYTES } from "../chunker/slab-memory.ts";
import type {
  RowsOutcome,
  RowsPart,
  RowsSeat,
  RowsSession,
  RowsUnit,
} from "../postgres/backup/read/rows-unit.ts";
import { workerEnvironment } from "../worker-environment.ts";
import type { InPlace } from "./encode-in-place.ts";
import type { EncodeJob, FromWorker, Job, JobResult, ToWorker, WorkerSetup } from "./messages.ts";
import { type PackedRecords, transferOf } from "./packed-records.ts";
import type { SlabBatch } from "./slab-packer.ts";

/** What the pool asks of its owner. Batches and nodes of one worker come in the order in which it made them. */
export interface PoolEvents {
  /** The slab is the owner's until it is given to releaseSlab. */
  batch(batch: SlabBatch): void;
  nodes(nodes: PackedRecords): void;
  fetch(names: Uint8Array): Promise<PackedRecords>;
  progress(bytesRead: number, path: string): void;
  /** The workers have no native calls: no attributes, no holes. */
  nativeMissing(reason: string): void;
  /** A worker has room for another job. */
  idle(): void;
  failed(error: Error): void;
}

/** Jobs that a worker has at most: one running, one whose arguments are there when that one ends or waits. */
const JOBS_EACH = 2;

/** Encode jobs that wait: for fewer a worker takes longer to start than they do. */
const WORTH_A_WORKER = 4;

interface Member {
  worker: Worker;
  /** Scans and files under way; encodes under way. */
  jobs: number;
  encodes: number;
  /** Slabs it waits for. */
  wanted: number;
  /** Resolves when its libraries are loaded, or it has ended. */
  loaded: Promise<void>;
}

/** What a job that reads rows of one table tells before it is done. */
export interface RowsListener {
  started(): void;
  part(part: RowsPart): void;
}

interface Waiting {
  job: Job;
  rows?: RowsListener;
  transfer: ArrayBuffer[];
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Runs jobs; encoding goes before reading, since it gives slabs back. */
export class WorkerPool {
  private readonly members: Member[] = [];
  private readonly free: number[];
  private readonly slabWaiters: ((slab: number) => void)[] = [];
  private readonly encodes: Waiting[] = [];
  private readonly running = new Map<number, Waiting & { member: Member }>();
  private readonly events: PoolEvents;
  private readonly startNext: () => Member;
  private lastId = 0;
  private closing = false;

  /** How many workers there are at most: each reads from a few sessions with a database at most. */
  readonly size: number;

  /** `atOnce`: workers that are started now; the others when they have work. */
  constructor(
    setup: Omit<WorkerSetup, "input">,
    { workers, atOnce, slabs }: { workers: number; atOnce: number; slabs: number },
    events: PoolEvents,
  ) {
    this.events = events;
    this.size = workers;
    this.free = Array.from({ length: slabs }, (_, i) => slabs - 1 - i);
    this.startNext = () => this.start({ ...setup, input: inputStart(slabs, this.members.length) });
    this.grow(atOnce);
  }

  /** Starts workers until there are so many, or all. */
  private grow(count: number): void {
    while (this.members.length < Math.min(count, this.size)) this.members.push(this.startNext());
  }

  private start(setup: WorkerSetup): Member {
    const fromSource = import.meta.url.endsWith(".ts");
    const url = new URL(fromSource ? "./worker.ts" : "./worker.js", import.meta.url);
    const options = fromSource ? { execArgv: ["--conditions=source"] } : {};
    // Files opened through the C library are closed through node:fs: node's own book-keeping would warn of each.
    const worker = new Worker(url, {
      workerData: setup,
      env: workerEnvironment(),
      trackUnmanagedFds: false,
      ...options,
    });
    const loaded = new Promise<void>((resolve) => {
      worker.once("message", () => resolve());
      worker.once("exit", () => resolve());
    });
    const member: Member = { worker, jobs: 0, encodes: 0, wanted: 0, loaded };
    worker.on("message", (message: FromWorker) => this.receive(member, message));
    worker.on("error", (error) => this.events.failed(error as Error));
    worker.on("exit", (code) => {
      if (!this.closing) this.events.failed(new Error(`an ingest worker ended with code ${code}`));
    });
    return member;
  }

  /** Whether a scan or file job would be taken at once. */
  get hasRoom(): boolean {
    return this.members.some((member) => member.jobs < JOBS_EACH);
  }

  /** Starts a scan or file job on the worker that has least to do. Call only when there is room. */
  run<T extends "scan" | "file">(job: Extract<Job, { type: T }>): Promise<JobResult<T>> {
    const member = this.members.reduce((best, m) => (m.jobs < best.jobs ? m : best));
    member.jobs++;
    return new Promise((resolve, reject) => {
      this.send(member, { job, transfer: [], resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /**
   * Reads rows over one of a worker's sessions; null ends it, `session` is opened for units to come. Fewer outcomes than units: the
   * last one failed. Rejects once the pool is closed: what waited for a database may come then.
   */
  rows(
    { worker, lane }: RowsSeat,
    units: RowsUnit[] | null,
    rows: RowsListener,
    session?: RowsSession,
  ): Promise<RowsOutcome[]> {
    if (this.closing) return Promise.reject(closed());
    this.grow(worker + 1);
    const member = this.members[worker]!;
    member.jobs++;
    return new Promise((resolve, reject) => {
      const job: Job = { type: "rows", lane, units, session };
      this.send(member, { job, rows, transfer: [], resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /** Encodes chunks that lie in a slab, on any worker. */
  encode(job: EncodeJob): Promise<PackedRecords> {
    return new Promise((resolve, reject) => {
      const { names, ranges, bases, chains } = job;
      const transfer = [names.buffer, ranges.buffer, bases.buffer, ...(chains ? transferOf(chains) : [])];
      this.encodes.push({ job, transfer, resolve: resolve as (result: unknown) => void, reject });
      this.dispatch();
    });
  }

  /** Encodes chunks that have no base where they lie in a slab, on any worker: the payloads take their places. */
  encodeInPlace(ranges: Uint32Array<ArrayBuffer>): Promise<InPlace> {
    return new Promise((resolve, reject) => {
      const job: Job = { type: "in-place", ranges };
      const transfer = [ranges.buffer];
      this.encodes.push({ job, transfer, resolve: resolve as (result: unknown) => void, reject });
      this.dispatch();
    });
  }

  /** A slab for the main thread; resolves when one is free. */
  acquireSlab(): Promise<number> {
    return new Promise((resolve) => {
      this.slabWaiters.push(resolve);
      this.dispatch();
    });
  }

  releaseSlab(slab: number): void {
    this.free.push(slab);
    this.dispatch();
  }

  /** Ends all workers at once; jobs under way reject with `reason`. */
  async close(reason?: Error): Promise<void> {
    this.closing = true;
    // A native library that is interrupted while it loads takes the whole process down.
    await Promise.all(this.members.map(({ loaded }) => loaded));
    await Promise.all(this.members.map(({ worker }) => worker.terminate()));
    const error = reason ?? closed();
    for (const waiting of [...this.running.values(), ...this.encodes]) waiting.reject(error);
    this.running.clear();
  }

  private send(member: Member, waiting: Waiting): void {
    const id = ++this.lastId;
    this.running.set(id, { ...waiting, member });
    member.worker.postMessage({ type: "job", id, job: waiting.job } satisfies ToWorker, waiting.transfer);
  }

  private dispatch(): void {
    // Slabs still come back from what was being stored: nobody must be started for what waits.
    if (this.closing) return;
    while (this.encodes.length > 0) {
      const member = this.members.reduce((best, m) => (m.encodes < best.encodes ? m : best));
      if (member.encodes >= JOBS_EACH) {
        if (this.members.length === this.size || this.encodes.length <= WORTH_A_WORKER) break;
        this.grow(this.members.length + 1);
        continue;
      }
      member.encodes++;
      this.send(member, this.encodes.shift()!);
    }
    // Reading more while encoding is behind would only fill the slabs.
    while (this.free.length > 0 && this.encodes.length === 0) {
      if (this.slabWaiters.length > 0) {
        this.slabWaiters.shift()!(this.free.pop()!);
        continue;
      }
      const wanting = this.members.filter(({ wanted }) => wanted > 0);
      if (wanting.length === 0) break;
      const member = wanting.reduce((best, m) => (m.encodes < best.encodes ? m : best));
      member.wanted--;
      member.worker.postMessage({ type: "slab", slab: this.free.pop()! } satisfies ToWorker);
    }
  }

  private receive(member: Member, message: FromWorker): void {
    switch (message.type) {
      case "slab-wanted":
        member.wanted++;
        this.dispatch();
        break;
      case "slab-unused":
        this.releaseSlab(message.slab);
        break;
      case "batch":
        this.events.batch(message.batch);
        break;
      case "nodes":
        this.events.nodes(message.nodes);
        break;
      case "fetch":
        this.answerFetch(member, message.id, message.names);
        break;
      case "progress":
        this.events.progress(message.bytesRead, message.path);
        break;
      case "rows-started":
        this.running.get(message.id)?.rows?.started();
        break;
      case "rows-part":
        this.running.get(message.id)?.rows?.part(message.part);
        break;
      case "done":
      case "failed":
        this.finished(member, message);
        break;
      case "ready":
        if (message.missing !== null) this.events.nativeMissing(message.missing);
    }
  }

  private answerFetch(member: Member, id: number, names: Uint8Array): void {
    this.events.fetch(names).then(
      (records) =>
        member.worker.postMessage({ type: "fetched", id, records } satisfies ToWorker, transferOf(records)),
      (error: Error) => this.events.failed(error),
    );
  }

  private finished(member: Member, message: Extract<FromWorker, { type: "done" | "failed" }>): void {
    const waiting = this.running.get(message.id);
    if (waiting === undefined) return;
    this.running.delete(message.id);
    const encoded = waiting.job.type === "encode" || waiting.job.type === "in-place";
    if (encoded) member.encodes--;
    else member.jobs--;
    if (message.type === "done") waiting.resolve(message.result);
    else waiting.reject(message.error);
    this.dispatch();
    if (!encoded) this.events.idle();
  }
}

const closed = (): Error => new Error("the ingest workers were closed");

/** Slabs for so many workers: enough to read on while others encode, bounded by what a small machine has. */
export function slabsFor(workers: number): number {
  const most = (128 << 20) / SLAB_BYTES;
  return Math.min(most, 8 + 4 * workers);
}
