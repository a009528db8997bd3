/** In a decoding thread: reads records from where they lie, neighbours together, and leaves only verified contents. */
import { readSync } from "node:fs";
import { decodeBlob, decodeRecordHead, hashLength } from "@datadb/protocol";
import type { ReadJob } from "./decode-messages.ts";
import { memoryOf } from "./told-memory.ts";

/** Reading over a gap is cheaper than a second read while the gap is below it. */
const GAP = 64 * 1024;
const RANGE = 4 << 20;

interface Wanted {
  index: number;
  fd: number;
  offset: number;
  size: number;
  /** Name and content in the job. */
  name: Buffer;
  into: Buffer;
}

/** Neighbours in one file. */
interface Range {
  from: number;
  to: number;
  records: Wanted[];
}

/** What was read last: used again, since new memory costs more than the reading. */
let scratch: Buffer = Buffer.alloc(0);

/** For each record null, or why it could not be had from there; then its room holds anything. */
export function readRecords(job: ReadJob): (string | null)[] {
  const errors: (string | null)[] = new Array(job.places.length / 4).fill("it has no place");
  for (const range of rangesOf(wantedOf(job))) {
    const { from, to, records } = range;
    try {
      fill(records[0]!.fd, from, to - from);
      for (const record of records) errors[record.index] = take(job, record, record.offset - from);
    } catch (error) {
      for (const { index } of records) errors[index] ??= (error as Error).message;
    }
  }
  return errors;
}

function wantedOf({ hash, contents, names, places }: ReadJob): Wanted[] {
  const n = hashLength(hash);
  const room = memoryOf(contents);
  const wanted: Wanted[] = [];
  let at = contents.offset;
  for (let index = 0; index < places.length / 4; index++) {
    const [fd = -1, offset = 0, size = 0, length = 0] = places.subarray(index * 4, index * 4 + 4);
    const into = Buffer.from(room, at, length);
    at += length;
    if (fd < 0) continue;
    const name = Buffer.from(names.buffer, names.byteOffset + index * n, n);
    wanted.push({ index, fd, offset, size, name, into });
  }
  return wanted.sort((a, b) => a.fd - b.fd || a.offset - b.offset);
}

function rangesOf(wanted: readonly Wanted[]): Range[] {
  const ranges: Range[] = [];
  let last: Range | undefined;
  for (const record of wanted) {
    const { fd, offset, size } = record;
    const end = offset + size;
    if (
      last !== undefined &&
      last.records[0]!.fd === fd &&
      offset - last.to < GAP &&
      end - last.from <= RANGE
    ) {
      last.records.push(record);
      last.to = Math.max(last.to, end);
    } else {
      last = { from: offset, to: end, records: [record] };
      ranges.push(last);
    }
  }
  return ranges;
}

/** Reads into the scratch; throws when the file ends before. */
function fill(fd: number, position: number, length: number): void {
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(Math.max(length, 2 << 20));
  for (let at = 0; at < length; ) {
    const bytes = readSync(fd, scratch, at, length - at, position + at);
    if (bytes === 0) throw new Error("the pack ends before the record does");
    at += bytes;
  }
}

/** The checksum of a record is not looked at: the hash of its content says more. */
function take({ hash }: ReadJob, { name, into, size }: Wanted, at: number): string | null {
  try {
    const head = decodeRecordHead(scratch, at, name.length);
    const { kind, encoding, base, length } = head;
    if (kind !== "data" || base !== null || !head.name.equals(name)) return "another record is there";
    if (head.size !== size || length !== into.length) return "a record of another size is there";
    const payload = scratch.subarray(at + head.headSize, at + head.headSize + head.payloadLength);
    const content = decodeBlob(hash, { kind, name, encoding, base, length, payload }, undefined, into);
    // A content that was not encoded is where it was read.
    if (content.buffer !== into.buffer) content.copy(into);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
