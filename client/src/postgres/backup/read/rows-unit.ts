/** What is read of a table in one go, and what comes of it: crosses threads. */
import type { ErrorCode } from "@datadb/protocol";
import type { PostgresTarget } from "../../connect/target.ts";
import type { RowSum } from "../../rows/row-sum.ts";
import type { RowRange, TableQuery } from "./copy-query.ts";
import type { PreviousChunks } from "./key-bases.ts";
import type { Segment } from "./segments.ts";

/** With whom an ingest worker has a session, and as whom. */
export interface RowsSession {
  target: PostgresTarget;
  applicationName: string;
}

/** Who reads: an ingest worker, and over which of its sessions. */
export interface RowsSeat {
  worker: number;
  /** 0, or 1 for a second session that only reads small tables. */
  lane: number;
}

/** A part of a table, or all of it. */
export interface RowsUnit extends RowsSession {
  /** Commands that come before: a transaction in the snapshot, with the table locked. */
  before: string;
  /** One COPY to standard output. */
  copy: string;
  /** The same rows as they lie, which costs the server less: by one whole number, the row's first field, they can be sorted here. Or null. */
  copyUnsorted: string | null;
  /** Commands that come after; the transaction stays open without. */
  after: string;
  /** Indexes of the key's fields in a row; null without key. */
  fields: number[] | null;
  format: "text" | "binary";
  /** 0: to be decided, from the first rows and what it was in the previous backup. */
  threshold: number;
  thresholdBefore: number;
  previous: PreviousChunks | null;
  /** The previous chunk where these rows begin. */
  start: number;
  /** The store probably has none of it: chunks are encoded as they are made. */
  isNew: boolean;
  /** What is being read, for progress. */
  path: string;
  /** Null: rows are not summed up. */
  sums: UnitSums | null;
}

/** How the rows of a part are summed up. */
export interface UnitSums {
  sum: RowSum;
  /** Bytes of a segment. */
  least: number;
  /** Where in a row the values of the key are, in the key's order. */
  key: number[];
  /** Where the part begins and ends. */
  range: RowRange;
  /** What the part was in the previous backup; null: all of it is read. */
  before: { query: TableQuery; segments: Segment[] } | null;
}

/** A run of chunks, packed. */
export interface RowsPart {
  /** Names, one after another. */
  names: Uint8Array<ArrayBuffer>;
  lengths: Uint32Array<ArrayBuffer>;
  marks: Uint16Array<ArrayBuffer>;
}

/** An error of the project, as it crosses threads. */
export interface RowsError {
  code: ErrorCode;
  message: string;
  next: string;
  fields: Record<string, unknown>;
}

export interface RowsOutcome {
  rows: number;
  bytes: number;
  /** Of these: not read, since the server says that they have not changed. */
  kept: number;
  threshold: number;
  seconds: number;
  /** The chunks that were not told as parts: their data is on its way when the outcome is. */
  rest: RowsPart;
  /** Null where rows were not summed up. */
  segments: Segment[] | null;
  /** Why the rows are not all there. The transaction is over then. */
  error: RowsError | null;
}

/** What is told while units are read. */
export interface RowsEvents {
  /** The lock is held, the rows come. */
  started(): void;
  /** Null: all chunks are in the outcome. */
  part: ((part: RowsPart) => void) | null;
  progress(bytes: number, path: string): void;
}

/** What to transfer with a part. */
export function transferOfPart({ names, lengths, marks }: RowsPart): ArrayBuffer[] {
  return [names.buffer, lengths.buffer, marks.buffer];
}
