/** Everything that takes bytes in during one snapshot: workers, slabs, upload. */
import { availableParallelism } from "node:os";
import type { HashAlgorithm, RecordKind, StreamRef } from "@datadb/protocol";
import { chunkerFactory } from "../chunker/open-chunker.ts";
import { slabMemory } from "../chunker/slab-memory.ts";
import type { Connection, StoreFacts } from "../connection.ts";
import type { OwnerNames } from "../source/entry-meta.ts";
import type { ScanRules } from "../source/scan-unit.ts";
import { fetchChains, type RecordChain } from "../tree/fetch-chains.ts";
import { fetchContents } from "../tree/fetch-contents.ts";
import { fetchRecords } from "../tree/fetch-records.ts";
import { localUpload } from "../upload/local-upload.ts";
import type { Upload } from "../upload/upload.ts";
import { wireUpload } from "../upload/wire-upload.ts";
import { contentStream } from "./content-stream.ts";
import { fetchPacked } from "./fetch-packed.ts";
import { type EmitWithBase, nodeCollector } from "./node-collector.ts";
import { type SlabExchange, SlabPacker } from "./slab-packer.ts";
import { type StreamBases, streamBases } from "./stream-bases.ts";
import { slabsFor, WorkerPool } from "./worker-pool.ts";

/** More workers than this rarely help: a disk, a network or the store is the limit then. */
const MAX_DEFAULT_WORKERS = 4;

/** Bytes accepted after which the store is asked to make them durable: what a power cut may cost. */
const DURABLE_STEP_BYTES: number = 512 << 20;

export interface EngineOptions {
  connection: Connection;
  facts: StoreFacts;
  jobs: number | undefined;
  /** Workers that are started at once; all when absent. */
  workersAtOnce: number | undefined;
  /** Whether the source is of files. */
  files: boolean;
  rules: ScanRules;
  owners: OwnerNames;
  /** Nothing is stored. */
  dryRun: boolean;
  idle: () => void;
  /** Workers cannot read attributes and holes, and why. */
  nativeMissing: (reason: string) => void;
  progress: (bytesRead: number, path: string) => void;
}

/** The content that a stream had in the previous backup. */
export interface PreviousStream {
  ref: StreamRef;
  /** Its length. */
  bytes: number;
  /**
   * Called for each chunk as it ends, in the order of the stream: the chunk of the previous backup that the source knows to be its
   * earlier version (of a table: the one that covers the same keys), or undefined when it does not know.
   */
  hint?: () => Buffer | undefined;
}

export interface Engine {
  readonly pool: WorkerPool;
  readonly upload: Upload;
  /** Takes nodes that are made on the main thread. */
  readonly emit: EmitWithBase;
  /** Slabs for chunks that are made on the main thread, whose data comes before nodes that are emitted later. */
  withPacker<T>(work: (packer: SlabPacker) => Promise<T>): Promise<T>;
  /** Takes a stream in; nodes of its list included. `previous`: what it was in the previous backup. */
  stream(
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    previous?: PreviousStream,
  ): Promise<{ ref: StreamRef; bytes: number }>;
  /** Resolves when everything that was given is accepted. */
  settle(): Promise<void>;
  /** Rejects when a worker, the store or the connection fails; never resolves. */
  readonly failure: Promise<never>;
  close(reason?: Error): Promise<void>;
}

/** Starts the workers. Close it in any case: threads keep a process alive. */
export function startEngine(options: EngineOptions): Engine {
  const { connection, facts, files, rules, owners, dryRun } = options;
  const { hash, chunker } = facts;
  const { local } = connection;
  const workers = options.jobs ?? Math.min(MAX_DEFAULT_WORKERS, availableParallelism());
  const slabs = slabsFor(workers);
  const memory = slabMemory(slabs, workers);
  const { failure, fail } = failurePromise();

  const pool: WorkerPool = new WorkerPool(
    { memory, hash, chunker, encode: local !== undefined, files, rules, ...owners },
    { workers, atOnce: options.workersAtOnce ?? workers, slabs },
    {
      batch: (batch) => {
        if (dryRun) pool.releaseSlab(batch.slab);
        else upload.data(batch, () => released(batch.slab));
      },
      nodes: (nodes) => {
        if (!dryRun) upload.nodes(nodes);
      },
      fetch: (names) => fetchPacked(connection, hash, names),
      progress: options.progress,
      idle: options.idle,
      nativeMissing: options.nativeMissing,
      failed: fail,
    },
  );
  const chainsOf = async (kind: RecordKind, names: readonly Buffer[]): Promise<RecordChain[]> =>
    fetchChains(connection, kind, names, await fetchRecords(connection, kind, names));
  const upload =
    local === undefined
      ? wireUpload(connection, Buffer.from(memory.buffer), hash, fail)
      : localUpload(local, pool, Buffer.from(memory.buffer), hash, chainsOf, fail);
  const nodes = nodeCollector(hash, local !== undefined, (packed) => {
    if (!dryRun) upload.nodes(packed);
  });
  const exchange: SlabExchange = {
    acquire: () => pool.acquireSlab(),
    post: (batch) => {
      upload.data(batch, () => released(batch.slab));
      if (nodes.full()) nodes.flush();
    },
  };
  const packer = new SlabPacker(memory, hash, exchange);

  let making: Promise<unknown> | null = null;
  function released(slab: number): void {
    pool.releaseSlab(slab);
    if (upload.counts.undurable < DURABLE_STEP_BYTES || making !== null) return;
    upload.counts.undurable = 0;
    making = connection.call("DONE").then(() => {
      making = null;
    }, fail);
  }

  return {
    pool,
    upload,
    failure,
    emit(name, content, base) {
      nodes.emit(name, content, base);
      if (nodes.full()) nodes.flush();
    },
    async withPacker(work) {
      const own = new SlabPacker(memory, hash, exchange);
      try {
        return await work(own);
      } finally {
        endPacker(own, pool);
      }
    },
    stream: async (pieces, previous) =>
      await takeStream(pieces, packer, facts, nodes, memory, pool, await basesIn(connection, hash, previous)),
    async settle() {
      nodes.flush();
      await Promise.race([upload.settle(), failure]);
    },
    close: (reason) => pool.close(reason),
  };
}

function failurePromise(): { failure: Promise<never>; fail: (error: Error) => void } {
  let fail: (error: Error) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {}); // whoever waits for work races with it; nobody may be waiting when it comes
  return { failure, fail };
}

/** Bases in the previous version of a stream, if there is one. */
async function basesIn(
  connection: Connection,
  hash: HashAlgorithm,
  previous: PreviousStream | undefined,
): Promise<StreamBases | undefined> {
  if (!previous?.ref.chunk && !previous?.ref.list) return undefined;
  const fetch = async (names: Buffer[]): Promise<(Buffer | null)[]> =>
    (await fetchContents(connection, hash, "node", names)).map((c) => (c instanceof Error ? null : c));
  const bases = await streamBases(fetch, hash, previous.ref, previous.bytes);
  const { hint } = previous;
  return hint ? { ...bases, chunk: (name, length) => bases.chunk(name, length, hint()) } : bases;
}

/** Cuts a stream on this thread: cutting and hashing run at more than 1 GB/s, encoding is the workers'. */
async function takeStream(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  packer: SlabPacker,
  { hash, chunker }: StoreFacts,
  nodes: ReturnType<typeof nodeCollector>,
  memory: WebAssembly.Memory,
  pool: WorkerPool,
  bases: StreamBases | undefined,
): Promise<{ ref: StreamRef; bytes: number }> {
  const newChunker = await chunkerFactory(memory, chunker);
  const stream = contentStream({ packer, chunker: newChunker(), hash, emit: nodes.emit }, bases);
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const room = stream.room() ?? (await stream.freshRoom());
      const bytes = Math.min(room.bytes, piece.length - at);
      packer.view.set(piece.subarray(at, at + bytes), room.at);
      stream.filled(bytes);
      at += bytes;
    }
  }
  const { ref, bytes } = stream.finish();
  endPacker(packer, pool);
  nodes.flush();
  return { ref, bytes };
}

/** What is in the packer goes, its slab comes back. */
function endPacker(packer: SlabPacker, pool: WorkerPool): void {
  packer.flush();
  const unused = packer.release();
  if (unused >= 0) pool.releaseSlab(unused);
}
