/** zstd as records use it: one frame with its content size, and the base's content as raw dictionary for deltas. */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { DecodeError } from "./errors.ts";

/** Bytes that would make zstd parse a base as a trained dictionary instead of plain content. */
const DICTIONARY_MAGIC = Buffer.from([0x37, 0xa4, 0x30, 0xec]);
const MIN_WINDOW_LOG = 10;
/** Base and blob of 16 MiB each fit a window of 2^25. */
const MAX_WINDOW_LOG = 25;

/** Whether `content` can be a dictionary: not empty, and not zstd's own dictionary format. */
export function isUsableBase(content: Buffer): boolean {
  return content.length > 0 && !content.subarray(0, 4).equals(DICTIONARY_MAGIC);
}

/** The content as one frame, or undefined when zstd fails. */
export function compress(content: Buffer, level: number): Buffer | undefined {
  try {
    return zstdCompressSync(content, {
      params: { [constants.ZSTD_c_compressionLevel]: level },
      pledgedSrcSize: content.length,
    });
  } catch {
    return undefined;
  }
}

/** As compress, with `base` as dictionary. */
export function compressDelta(content: Buffer, base: Buffer, level: number): Buffer | undefined {
  try {
    return zstdCompressSync(content, {
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_windowLog]: windowLogFor(content.length + base.length),
      },
      dictionary: base,
      pledgedSrcSize: content.length,
    });
  } catch {
    return undefined;
  }
}

function windowLogFor(bytes: number): number {
  return Math.min(MAX_WINDOW_LOG, Math.max(MIN_WINDOW_LOG, Math.ceil(Math.log2(bytes))));
}

/** The content of a frame, never more than `length` bytes. Throws what zlib throws, and DECODE for a useless base. */
export function decompress(payload: Buffer, length: number, base?: Buffer): Buffer {
  if (base && !isUsableBase(base)) throw new DecodeError("the base cannot be a dictionary");
  return zstdDecompressSync(payload, {
    maxOutputLength: Math.max(1, length),
    params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG },
    ...(base ? { dictionary: base } : {}),
  });
}
