/** What the main thread and the ingest workers say to each other. Binary parts are transferred, never cloned. */
import type { ChunkerParameters, HashAlgorithm } from "@datadb/protocol";
import type { RowsOutcome, RowsPart, RowsSession, RowsUnit } from "../postgres/backup/read/rows-unit.ts";
import type { FileOutcome, FileUnit, ScannedUnit, ScanRules, ScanUnit } from "../source/scan-unit.ts";
import type { InPlace } from "./encode-in-place.ts";
import type { PackedRecords } from "./packed-records.ts";
import type { SlabBatch } from "./slab-packer.ts";

/** What every worker is told once. */
export interface WorkerSetup {
  memory: WebAssembly.Memory;
  /** Address of the memory into which this worker reads from a socket. */
  input: number;
  hash: HashAlgorithm;
  chunker: ChunkerParameters;
  /** Whether nodes are encoded here; over a wire the server encodes. */
  encode: boolean;
  /** Whether entries of file systems will be read. */
  files: boolean;
  rules: ScanRules;
  /** Names of owners by id. */
  users: ReadonlyMap<number, string>;
  groups: ReadonlyMap<number, string>;
}

/** Chunks to encode: name, address and length of each. */
export interface EncodeJob {
  type: "encode";
  names: Uint8Array<ArrayBuffer>;
  ranges: Uint32Array<ArrayBuffer>;
  /** The name of a probable base for each, zeros where there is none; empty when no chunk has one. */
  bases: Uint8Array<ArrayBuffer>;
  /** What bases are decoded from. */
  chains: PackedRecords | null;
}

/** Chunks to encode that have no base: address and length of each, in the order of addresses. What they shrink to takes their place. */
export interface InPlaceJob {
  type: "in-place";
  ranges: Uint32Array<ArrayBuffer>;
}

/** Rows of tables to read, one unit after another up to the first that fails; null: the session ends. */
export interface RowsJob {
  type: "rows";
  /** Which of the worker's sessions with the database. */
  lane: number;
  units: RowsUnit[] | null;
  /** Opened now, for units that come later. */
  session?: RowsSession | undefined;
}

/** Work for a worker; each job is answered once. */
export type Job =
  | { type: "scan"; units: ScanUnit[] }
  | { type: "file"; unit: FileUnit }
  | RowsJob
  | InPlaceJob
  | EncodeJob;

/** What a job answers. */
export type JobResult<T extends Job["type"]> = T extends "scan"
  ? ScannedUnit[]
  : T extends "file"
    ? FileOutcome
    : T extends "rows"
      ? RowsOutcome[]
      : T extends "in-place"
        ? InPlace
        : PackedRecords;

export type ToWorker =
  | { type: "job"; id: number; job: Job }
  | { type: "slab"; slab: number }
  | { type: "fetched"; id: number; records: PackedRecords };

export type FromWorker =
  /** `missing`: why there are no native calls, or null; also where nobody needs them. */
  | { type: "ready"; missing: string | null }
  /** A job cannot go on without another slab. */
  | { type: "slab-wanted" }
  | { type: "slab-unused"; slab: number }
  | { type: "batch"; batch: SlabBatch }
  /** Nodes, children first; all data they need was posted before. */
  | { type: "nodes"; nodes: PackedRecords }
  | { type: "fetch"; id: number; names: Uint8Array<ArrayBuffer> }
  | { type: "progress"; bytesRead: number; path: string }
  /** Of the only unit of a rows job: the rows come; and some of their chunks, whose data was posted before. */
  | { type: "rows-started"; id: number }
  | { type: "rows-part"; id: number; part: RowsPart }
  | { type: "done"; id: number; result: unknown }
  | { type: "failed"; id: number; error: Error };
