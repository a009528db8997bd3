/** A table of LevelDB (.ldb): whether each of its blocks is what was written. */
import { ByteReader, DecodeError } from "@datadb/protocol";
import { maskedCrc32c } from "./crc32c.ts";
import { decodeSnappy } from "./decode-snappy.ts";

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** After each block: 1 byte compression, 4 bytes checksum. */
const TRAILER_BYTES = 5;
const RAW = 0;
const SNAPPY = 1;

/** Where a block lies, without its trailer. */
interface Handle {
  readonly offset: number;
  readonly size: number;
}

function readHandle(reader: ByteReader): Handle {
  return { offset: reader.varint(), size: reader.varint() };
}

function requireWhole(table: Buffer, { offset, size }: Handle): void {
  const end = offset + size;
  if (end + TRAILER_BYTES > table.length - FOOTER_BYTES)
    throw new DecodeError(`the block at byte ${offset} reaches beyond the end`);
  if (maskedCrc32c(table, offset, end + 1) !== table.readUInt32LE(end + 1))
    throw new DecodeError(`the checksum of the block at byte ${offset} is wrong`);
}

function contentOf(table: Buffer, handle: Handle): Buffer {
  requireWhole(table, handle);
  const end = handle.offset + handle.size;
  const stored = table.subarray(handle.offset, end);
  if (table[end] === RAW) return stored;
  if (table[end] === SNAPPY) return decodeSnappy(stored);
  throw new DecodeError(`the block at byte ${handle.offset} has the unknown compression ${table[end]}`);
}

/** The values of a block of handles: each entry is shared and own length of its key, length of the value, key, value. */
function handlesIn(block: Buffer): Handle[] {
  if (block.length < 4) throw new DecodeError("an index without restarts");
  const end = block.length - 4 - 4 * block.readUInt32LE(block.length - 4);
  if (end < 0) throw new DecodeError("an index with too many restarts");
  const reader = new ByteReader(block, 0, end);
  const handles: Handle[] = [];
  while (!reader.done) {
    reader.varint();
    const own = reader.varint();
    const length = reader.varint();
    reader.raw(own);
    handles.push(readHandle(new ByteReader(reader.raw(length))));
  }
  return handles;
}

/** Checks the checksum of every block. Throws DECODE saying where the first damage is. */
export function verifyTable(table: Buffer): void {
  const footer = table.length - FOOTER_BYTES;
  if (footer < 0) throw new DecodeError(`it has only ${table.length} bytes`);
  if (table.readBigUInt64LE(table.length - 8) !== MAGIC) throw new DecodeError("it does not end as a table");
  const reader = new ByteReader(table, footer);
  const blocks = [readHandle(reader), readHandle(reader)].map((handle) => contentOf(table, handle));
  for (const block of blocks) for (const handle of handlesIn(block)) requireWhole(table, handle);
}
