/** Decodes a block that was compressed with Snappy: the index of a LevelDB table, which says where its blocks are. */
import { ByteReader, DecodeError } from "@datadb/protocol";

/** The index of a table of 2 MiB has a few kilobytes; more than this nobody wrote. */
const MAX_BYTES: number = 64 * 1024 * 1024;

/** Low two bits of a tag byte. */
const LITERAL = 0;
const COPY_OF_ONE_BYTE = 1;
const COPY_OF_TWO_BYTES = 2;

function littleEndian(reader: ByteReader, bytes: number): number {
  return reader.raw(bytes).readUIntLE(0, bytes);
}

function literalLength(reader: ByteReader, tag: number): number {
  const short = tag >>> 2;
  // From 60 on: the length less one, in as many bytes.
  return (short < 60 ? short : littleEndian(reader, short - 59)) + 1;
}

function copyOf(reader: ByteReader, tag: number): { length: number; offset: number } {
  if ((tag & 3) === COPY_OF_ONE_BYTE)
    return { length: 4 + ((tag >>> 2) & 7), offset: ((tag >>> 5) << 8) | reader.u8() };
  const offset = littleEndian(reader, (tag & 3) === COPY_OF_TWO_BYTES ? 2 : 4);
  return { length: (tag >>> 2) + 1, offset };
}

/** Errors: DECODE for bytes that no compressor wrote. */
export function decodeSnappy(compressed: Buffer): Buffer {
  const reader = new ByteReader(compressed);
  const length = reader.varint();
  if (length > MAX_BYTES) throw new DecodeError(`a compressed block of ${length} bytes`);
  const out = Buffer.alloc(length);
  let at = 0;
  const claim = (bytes: number): void => {
    if (at + bytes > length) throw new DecodeError("a compressed block is longer than it says");
  };
  while (!reader.done) {
    const tag = reader.u8();
    if ((tag & 3) === LITERAL) {
      const bytes = literalLength(reader, tag);
      claim(bytes);
      at += reader.raw(bytes).copy(out, at);
      continue;
    }
    const { length: bytes, offset } = copyOf(reader, tag);
    claim(bytes);
    if (offset === 0 || offset > at)
      throw new DecodeError("a compressed block refers to before its beginning");
    // Byte by byte: what is copied may be what this copy writes.
    for (const end = at + bytes; at < end; at++) out[at] = out[at - offset] as number;
  }
  if (at !== length) throw new DecodeError("a compressed block ends early");
  return out;
}
