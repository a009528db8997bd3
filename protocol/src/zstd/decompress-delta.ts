/**
 * A delta decoded by a context that is kept. zlib takes a dictionary only when it makes a context, which costs more than to
 * decode a small delta, and leaves memory that has to be collected. A raw dictionary is nothing but what came before the
 * content: the same blocks, behind raw blocks with the base, are a frame without dictionary (RFC 8878, 3.1.1.2.2 and 5).
 */
import { createScratch } from "../scratch.ts";
import type { KeptZstd } from "./kept-zstd.ts";
import { type FrameBlocks, MAGIC, MAX_BLOCK_BYTES } from "./zstd-frame.ts";

/** Magic, descriptor and the size of the content in four bytes. */
const HEADER_BYTES = 9;
/** One segment, so that all of it is the window; size in four bytes; no checksum, no dictionary. */
const DESCRIPTOR = 0b1010_0000;
const BLOCK_HEADER_BYTES = 3;

const framed = createScratch();
const decoded = createScratch();

/**
 * The content, of `length` bytes, of a frame that checkFrame has accepted, with `base` before it; in `into`, which has that length, when
 * it is given, and which may be the base's memory. Throws when the frame is damaged.
 */
export function decompressDelta(
  zstd: KeptZstd,
  frame: Buffer,
  { start, end }: FrameBlocks,
  length: number,
  base: Buffer,
  into?: Buffer,
): Buffer {
  const blocks = frame.subarray(start, end);
  const total = base.length + length;
  const whole = withBase(blocks, base, total, framed(frameBytes(base, blocks)));
  const out = decoded(total);
  zstd.decompress(whole, total, out);
  const content = out.subarray(base.length);
  if (into === undefined) return Buffer.from(content);
  content.copy(into);
  return into;
}

const frameBytes = (base: Buffer, blocks: Buffer): number =>
  HEADER_BYTES + Math.ceil(base.length / MAX_BLOCK_BYTES) * BLOCK_HEADER_BYTES + base.length + blocks.length;

function withBase(blocks: Buffer, base: Buffer, total: number, into: Buffer): Buffer {
  into.writeUInt32LE(MAGIC, 0);
  into[4] = DESCRIPTOR;
  into.writeUInt32LE(total, 5);
  let at = HEADER_BYTES;
  for (let done = 0; done < base.length; ) {
    const size = Math.min(MAX_BLOCK_BYTES, base.length - done);
    // Raw, and not the last.
    into.writeUIntLE(size << 3, at, BLOCK_HEADER_BYTES);
    base.copy(into, at + BLOCK_HEADER_BYTES, done, done + size);
    done += size;
    at += BLOCK_HEADER_BYTES + size;
  }
  blocks.copy(into, at);
  return into;
}
