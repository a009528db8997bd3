/** An ingest worker: scans directories, reads files into slabs, encodes what the store does not have. */
import { parentPort, workerData } from "node:worker_threads";
import { decodeBlob, EFFORT_BYTES, type Effort, hashLength } from "@datadb/protocol";
import { chunkerFactory } from "../chunker/open-chunker.ts";
import { nativeSupport } from "../native/load-native.ts";
import { type RowsOutcome, transferOfPart } from "../postgres/backup/read/rows-unit.ts";
import { previousMetas } from "../source/previous-metas.ts";
import { readFileUnit } from "../source/read-file-unit.ts";
import { type ScanTools, scanDirectory } from "../source/scan-directory.ts";
import type { ScannedUnit, ScanUnit } from "../source/scan-unit.ts";
import { encodeInPlace } from "./encode-in-place.ts";
import { encodeRanges } from "./encode-ranges.ts";
import { EncodingPacker } from "./encoding-packer.ts";
import type { FromWorker, Job, RowsJob, ToWorker, WorkerSetup } from "./messages.ts";
import { nodeCollector } from "./node-collector.ts";
import { bufferOf, type PackedRecords, transferOf, unpackRecords } from "./packed-records.ts";
import { type SlabExchange, SlabPacker, transferOfBatch } from "./slab-packer.ts";

const port = parentPort!;
const setup = workerData as WorkerSetup;
const { memory, hash, encode } = setup;
const nameBytes = hashLength(hash);
// Loading them takes 20 ms, and rows need none.
const { native, missing = null } = setup.files ? nativeSupport() : { native: null };
const view = Buffer.from(memory.buffer);
/** For this backup: the worker ends with it. */
const effort: Effort = { left: EFFORT_BYTES };
const newChunker = await chunkerFactory(memory, setup.chunker);

const slabWaiters: ((slab: number) => void)[] = [];
const fetches = new Map<number, (records: PackedRecords) => void>();
let lastFetch = 0;

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

interface Tools extends ScanTools {
  nodes: ReturnType<typeof nodeCollector>;
  /** For content that the store probably does not have. */
  encodingPacker: SlabPacker;
}

function newTools(): Tools {
  const nodes = nodeCollector(hash, encode, (packed) =>
    post({ type: "nodes", nodes: packed }, transferOf(packed)),
  );
  const exchange: SlabExchange = {
    acquire: () =>
      new Promise((resolve) => {
        slabWaiters.push(resolve);
        post({ type: "slab-wanted" });
      }),
    post(batch) {
      post({ type: "batch", batch }, transferOfBatch(batch));
      // Whatever the nodes made so far refer to is posted now.
      if (nodes.full()) nodes.flush();
    },
  };
  return {
    packer: new SlabPacker(memory, hash, exchange),
    encodingPacker: new EncodingPacker(memory, hash, exchange),
    chunker: newChunker(),
    hash,
    native,
    owners: setup,
    rules: setup.rules,
    emit: nodes.emit,
    nodes,
  };
}

/** Verified contents of nodes; null for what is missing or damaged: it is then made again. */
async function fetchNodes(names: Buffer[]): Promise<(Buffer | null)[]> {
  const packedNames = new Uint8Array(Buffer.concat(names));
  const id = ++lastFetch;
  const packed = await new Promise<PackedRecords>((resolve) => {
    fetches.set(id, resolve);
    post({ type: "fetch", id, names: packedNames }, [packedNames.buffer]);
  });
  return unpackRecords(packed, nameBytes).map((record) => {
    try {
      return record && decodeBlob(hash, record);
    } catch {
      return null;
    }
  });
}

// Idle tools are used again: a chunker is an instance of WebAssembly, a packer may hold a begun slab.
const idleTools: Tools[] = [];

async function withTools<T>(run: (tools: Tools) => Promise<T>): Promise<T> {
  const tools = idleTools.pop() ?? newTools();
  try {
    return await run(tools);
  } finally {
    // What a result refers to is on its way before the result.
    const packers = [tools.packer, tools.encodingPacker];
    for (const packer of packers) packer.flush();
    tools.nodes.flush();
    for (const slab of packers.map((packer) => packer.release()))
      if (slab >= 0) post({ type: "slab-unused", slab });
    idleTools.push(tools);
  }
}

async function scan(units: ScanUnit[]): Promise<ScannedUnit[]> {
  const roots = units.map(({ previous }) => previous && bufferOf(previous));
  const previous = await previousMetas(roots, fetchNodes, hash);
  return await withTools(async (tools) => {
    const results: ScannedUnit[] = [];
    for (const [i, unit] of units.entries())
      results.push(await scanDirectory(tools, unit, previous[i] ?? null));
    return results;
  });
}

async function readRows(id: number, job: RowsJob): Promise<RowsOutcome[]> {
  // Only databases need their driver.
  const { runRowsJob } = await import("../postgres/backup/read/rows-job.ts");
  return await withTools(({ packer, encodingPacker }) =>
    runRowsJob(job.units?.every(({ isNew }) => isNew) ? encodingPacker : packer, setup, job, {
      started: () => post({ type: "rows-started", id }),
      part: (part) => post({ type: "rows-part", id, part }, transferOfPart(part)),
      progress: (bytesRead, path) => post({ type: "progress", bytesRead, path }),
    }),
  );
}

async function run(id: number, job: Job): Promise<{ result: unknown; transfer: ArrayBuffer[] }> {
  if (job.type === "encode") {
    const packed = encodeRanges(hash, view, job, effort);
    return { result: packed, transfer: transferOf(packed) };
  }
  if (job.type === "in-place") {
    const result = encodeInPlace(view, job);
    return { result, transfer: [result.encodings.buffer, result.ranges.buffer] };
  }
  if (job.type === "rows") {
    const outcomes = await readRows(id, job);
    return { result: outcomes, transfer: outcomes.flatMap(({ rest }) => transferOfPart(rest)) };
  }
  if (job.type === "scan") {
    const result = await scan(job.units);
    const transfer = result.flatMap(({ cache, self, entries }) => [
      cache.buffer,
      ...(self ? [self.buffer] : []),
      ...(entries ? [entries.metas.buffer, entries.ends.buffer, entries.sizes.buffer] : []),
    ]);
    return { result, transfer };
  }
  const result = await withTools((tools) =>
    readFileUnit(tools, fetchNodes, job.unit, (bytesRead) =>
      post({ type: "progress", bytesRead, path: job.unit.relative }),
    ),
  );
  return { result, transfer: [] };
}

port.on("message", (message: ToWorker) => {
  if (message.type === "slab") slabWaiters.shift()?.(message.slab);
  else if (message.type === "fetched") {
    fetches.get(message.id)?.(message.records);
    fetches.delete(message.id);
  } else {
    const { id } = message;
    run(id, message.job).then(
      ({ result, transfer }) => post({ type: "done", id, result }, transfer),
      (error: Error) => post({ type: "failed", id, error }),
    );
  }
});
post({ type: "ready", missing });
