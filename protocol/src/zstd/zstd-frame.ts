/** Reads the skeleton of a zstd frame (RFC 8878) without decompressing it: bombs and cut frames are refused before memory is spent. */
import { DecodeError } from "../errors.ts";

/** How a frame begins, little-endian. */
export const MAGIC = 0xfd2fb528;
/** Of the content of one block. */
export const MAX_BLOCK_BYTES: number = 128 * 1024;
const RAW_BLOCK = 0;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** Where the blocks of a frame are in it. */
export interface FrameBlocks {
  start: number;
  end: number;
}

/**
 * Checks that `payload` is exactly one frame that needs no dictionary id, states `length` as the size of its content, and has
 * blocks enough for it. Throws DECODE.
 */
export function checkFrame(payload: Buffer, length: number): FrameBlocks {
  if (payload.length < 9 || payload.readUInt32LE(0) !== MAGIC) throw new DecodeError("no zstd frame");
  const descriptor = payload[4] as number;
  if ((descriptor & 0b1011) !== 0) throw new DecodeError("the zstd frame needs what records never use");
  const stated = contentSize(payload, descriptor);
  if (stated.size !== length) {
    throw new DecodeError(`the zstd frame states ${stated.size} bytes of content instead of ${length}`);
  }
  const { end, most } = walkBlocks(payload, stated.end);
  const checksumBytes = (descriptor & 0b100) !== 0 ? 4 : 0;
  if (end + checksumBytes !== payload.length)
    throw new DecodeError("the zstd frame does not end where its payload ends");
  if (most < length) throw new DecodeError(`the blocks of the zstd frame cannot hold ${length} bytes`);
  return { start: stated.end, end };
}

/** The stated size of the content and where the first block begins. */
function contentSize(payload: Buffer, descriptor: number): { size: number; end: number } {
  const singleSegment = (descriptor & 0b100000) !== 0;
  const at = singleSegment ? 5 : 6;
  switch (descriptor >> 6) {
    case 0:
      if (!singleSegment) throw new DecodeError("the zstd frame does not state the size of its content");
      return { size: payload[at] as number, end: at + 1 };
    case 1:
      return { size: payload.readUInt16LE(at) + 256, end: at + 2 };
    case 2:
      if (payload.length < at + 4) throw new DecodeError("the zstd frame is cut short");
      return { size: payload.readUInt32LE(at), end: at + 4 };
    default:
      throw new DecodeError("the zstd frame states more bytes than a record has");
  }
}

/** Where the last block ends, and how much all blocks can hold at most. */
function walkBlocks(payload: Buffer, start: number): { end: number; most: number } {
  let at = start;
  let most = 0;
  for (;;) {
    if (at + 3 > payload.length) throw new DecodeError("the zstd frame is cut short");
    const header = payload.readUIntLE(at, 3);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === RESERVED_BLOCK || size > MAX_BLOCK_BYTES)
      throw new DecodeError("the zstd frame has a malformed block");
    at += 3 + (type === RLE_BLOCK ? 1 : size);
    most += type === RAW_BLOCK || type === RLE_BLOCK ? size : MAX_BLOCK_BYTES;
    if ((header & 1) === 1) return { end: at, most };
  }
}
