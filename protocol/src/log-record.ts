/**
 * Content of one log record: the log is a chain of these.
 *
 * | size | meaning |
 * |---|---|
 * | 4 | magic `dLog` |
 * | 1 | version, 1 |
 * | varint | sequence number, from 1 |
 * | n | name of the previous record, zeros in the first |
 * | varint | server time, ms since 1970 |
 * | varint | number of commits |
 * | ... | each: `bytes` transaction id, varint number of operations, operations |
 */
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { DecodeError, FormatTooNewError } from "./errors.ts";
import { type Operation, writeOperation } from "./operation.ts";
import { readOperation } from "./read-operation.ts";

const MAGIC = Buffer.from("dLog");

/** Permanent. */
export const LOG_RECORD_VERSION = 1;

/** What one client committed at once. */
export interface Commit {
  /** Empty outside a transaction. */
  txid: Buffer;
  operations: readonly Operation[];
}

/** One link of the log. */
export interface LogRecord {
  /** From 1, never used twice. */
  sequence: number;
  /** Name of the previous record (n bytes); zeros in the first. */
  previous: Buffer;
  /** Server time, milliseconds since 1970. */
  time: number;
  commits: readonly Commit[];
}

/** The content of the record. */
export function encodeLogRecord(record: LogRecord): Buffer {
  const writer = new ByteWriter(1024);
  writer.raw(MAGIC);
  writer.u8(LOG_RECORD_VERSION);
  writer.varint(record.sequence);
  writer.raw(record.previous);
  writer.varint(record.time);
  writer.varint(record.commits.length);
  for (const { txid, operations } of record.commits) {
    writer.bytes(txid);
    writer.varint(operations.length);
    for (const operation of operations) writeOperation(writer, operation);
  }
  return writer.finish();
}

/** The record; `n` is the length of a name, its buffers are views. Throws DECODE, FORMAT_TOO_NEW. */
export function decodeLogRecord(content: Buffer, n: number): LogRecord {
  const reader = new ByteReader(content);
  if (content.length < 5 || !reader.raw(4).equals(MAGIC))
    throw new DecodeError("no log record: the magic is missing");
  const version = reader.u8();
  if (version !== LOG_RECORD_VERSION) throw new FormatTooNewError(`the log record has version ${version}`);
  const sequence = reader.varint();
  const previous = reader.raw(n);
  const time = reader.varint();
  const count = reader.varint();
  const commits: Commit[] = [];
  for (let i = 0; i < count; i++) commits.push(readCommit(reader));
  if (!reader.done) throw new DecodeError(`${reader.remaining} bytes after the log record`);
  return { sequence, previous, time, commits };
}

function readCommit(reader: ByteReader): Commit {
  const txid = reader.bytes();
  const count = reader.varint();
  const operations: Operation[] = [];
  for (let i = 0; i < count; i++) operations.push(readOperation(reader));
  return { txid, operations };
}
