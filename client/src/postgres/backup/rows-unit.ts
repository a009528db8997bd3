/** What is read of a table in one go, and what comes of it: crosses threads. */
import type { ErrorCode } from "@datadb/protocol";
import type { PostgresTarget } from "../connect/target.ts";
import type { PreviousChunks } from "./key-bases.ts";

/** With whom an ingest worker has a session, and as whom. */
export interface RowsSession {
  target: PostgresTarget;
  applicationName: string;
}

/** A part of a table, or all of it. */
export interface RowsUnit extends RowsSession {
  /** Commands that come before: a transaction in the snapshot, with the table locked. */
  before: string;
  /** One COPY to standard output. */
  copy: string;
  /** Commands that come after; the transaction stays open without. */
  after: string;
  /** Indexes of the key's fields in a row; null without key. */
  fields: number[] | null;
  format: "text" | "binary";
  /** 0: to be decided. */
  threshold: number;
  previous: PreviousChunks | null;
  /** The previous chunk where these rows begin. */
  start: number;
  /** What is being read, for progress. */
  path: string;
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
  threshold: number;
  seconds: number;
  /** The chunks that were not told as parts: their data is on its way when the outcome is. */
  rest: RowsPart;
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
