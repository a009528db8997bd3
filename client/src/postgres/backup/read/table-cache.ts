/**
 * The cache of a database's backup: what ended each chunk of each table, so that the next one finds the chunk of the same keys, and the
 * sums of its segments.
 */
import { ByteReader, ByteWriter } from "@datadb/protocol";
import type { Segment, TableSums } from "./segments.ts";

/** Version of the cache: others are not read. */
const VERSION = 2;

const SIGNATURE_BYTES = 8;
const NO_SUM = 0;
const SUM = 1;

export interface TableCache {
  /** See ChunkRun. */
  marks: Uint16Array;
  sums: TableSums | null;
}

/** By path, in order of path. */
export function writeTableCaches(tables: ReadonlyMap<string, TableCache>): Buffer {
  const pieces: Buffer[] = [Buffer.from([VERSION])];
  for (const [path, { marks, sums }] of [...tables].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const writer = new ByteWriter();
    writer.bytes(Buffer.from(path));
    writer.varint(marks.length);
    const values = Buffer.alloc(marks.length * 2);
    for (const [i, mark] of marks.entries()) values.writeUInt16LE(mark, i * 2);
    pieces.push(writer.finish(), values, writeSums(sums));
  }
  return Buffer.concat(pieces);
}

/** What is no cache of this version counts as empty. */
export function parseTableCaches(cache: Buffer | null): Map<string, TableCache> {
  const tables = new Map<string, TableCache>();
  if (cache === null || cache[0] !== VERSION) return tables;
  try {
    const reader = new ByteReader(cache, 1);
    while (!reader.done) {
      const path = reader.bytes().toString();
      const values = reader.raw(reader.varint() * 2);
      const marks = new Uint16Array(values.length / 2);
      for (let i = 0; i < marks.length; i++) marks[i] = values.readUInt16LE(i * 2);
      tables.set(path, { marks, sums: readSums(reader, marks.length) });
    }
    return tables;
  } catch {
    return new Map();
  }
}

function writeSums(sums: TableSums | null): Buffer {
  const writer = new ByteWriter();
  writer.varint(sums?.segments.length ?? 0);
  if (sums === null) return writer.finish();
  writer.u64(sums.seed);
  writer.raw(Buffer.from(sums.signature, "hex"));
  for (const { chunks, rows, bytes, sum, upTo } of sums.segments) {
    writer.varint(chunks);
    writer.varint(rows);
    writer.varint(bytes);
    writer.varint(sum === null ? NO_SUM : SUM);
    if (sum !== null) writer.u64(sum);
    writer.varint(upTo?.length ?? 0);
    for (const value of upTo ?? []) writer.bytes(Buffer.from(value));
  }
  return writer.finish();
}

/** Null also for segments that are not those of all chunks. */
function readSums(reader: ByteReader, chunks: number): TableSums | null {
  const count = reader.varint();
  if (count === 0) return null;
  const seed = reader.u64();
  const signature = reader.raw(SIGNATURE_BYTES).toString("hex");
  // As many as there can be: a number that is wrong must not ask for memory.
  const segments = Array.from({ length: Math.min(count, reader.remaining) }, () => readSegment(reader));
  const whole =
    segments.reduce((sum, segment) => sum + segment.chunks, 0) === chunks && segments.at(-1)!.upTo === null;
  return whole ? { seed, signature, segments } : null;
}

function readSegment(reader: ByteReader): Segment {
  const [chunks, rows, bytes] = [reader.varint(), reader.varint(), reader.varint()];
  const sum = reader.varint() === SUM ? reader.u64() : null;
  const values = Array.from({ length: Math.min(reader.varint(), reader.remaining) }, () =>
    reader.bytes().toString(),
  );
  return { chunks, rows, bytes, sum, upTo: values.length === 0 ? null : values };
}
