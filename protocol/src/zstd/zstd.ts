/** zstd as records use it: exactly one frame that states its content size, with the base's content as raw dictionary for deltas. */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { DecodeError } from "../errors.ts";
import { decompressDelta } from "./decompress-delta.ts";
import { keptZstd } from "./kept-zstd.ts";
import { placed } from "./placed.ts";
import { checkFrame } from "./zstd-frame.ts";

/** Bytes that would make zstd parse a base as a trained dictionary instead of plain content. */
const DICTIONARY_MAGIC = Buffer.from([0x37, 0xa4, 0x30, 0xec]);
/** What zstd needs at least of a raw dictionary. */
const MIN_BASE_BYTES = 8;
const MIN_WINDOW_LOG = 10;
/** Base and blob of 16 MiB each fit a window of 2^25. */
const MAX_WINDOW_LOG = 25;
/** Windows above this need larger tables. */
const LARGE_WINDOW_LOG = 20;
/** zlib's smallest output buffer. */
const MIN_CHUNK_BYTES = 64;

/** zstd's own levels, or the best that takes a fifth of the time of the best of those: for what is kept for long. */
export type Level = number | "effort";

/** Optimal parsing with short searches. Differences have long matches: shorter ones need not be looked for. */
const EFFORT = {
  [constants.ZSTD_c_compressionLevel]: 14,
  [constants.ZSTD_c_strategy]: constants.ZSTD_btopt,
  [constants.ZSTD_c_targetLength]: 32,
};
const EFFORT_WHOLE = { ...EFFORT, [constants.ZSTD_c_searchLog]: 4, [constants.ZSTD_c_minMatch]: 4 };
const EFFORT_DELTA = { ...EFFORT, [constants.ZSTD_c_searchLog]: 3, [constants.ZSTD_c_minMatch]: 5 };

/** Whether `content` can be a dictionary: long enough, and not in zstd's own dictionary format. */
export function isUsableBase(content: Buffer): boolean {
  return content.length >= MIN_BASE_BYTES && !content.subarray(0, 4).equals(DICTIONARY_MAGIC);
}

/**
 * The content as one frame, or undefined when zstd fails. `into`: where the frame goes, undefined when there is no room for it. Into memory of
 * compressBound() bytes, which is beside the content, zstd writes itself; less may be the content's own, and gets a copy at the end.
 */
export function compress(content: Buffer, level: Level, into?: Buffer): Buffer | undefined {
  if (level === "effort") return withPlace(compressOnce(content, EFFORT_WHOLE), into);
  try {
    const kept = keptZstd(level);
    if (kept) return kept.compress(content, level, into);
  } catch {
    // The documented way decides.
  }
  return withPlace(compressOnce(content, { [constants.ZSTD_c_compressionLevel]: level }), into);
}

function withPlace(frame: Buffer | undefined, into: Buffer | undefined): Buffer | undefined {
  return into === undefined ? frame : frame && placed(frame, into);
}

/** As compress, with `base` as dictionary. */
export function compressDelta(content: Buffer, base: Buffer, level: Level): Buffer | undefined {
  const bytes = content.length + base.length;
  const windowLog = Math.min(MAX_WINDOW_LOG, Math.max(MIN_WINDOW_LOG, Math.ceil(Math.log2(bytes))));
  const params = {
    ...(level === "effort" ? EFFORT_DELTA : { [constants.ZSTD_c_compressionLevel]: level }),
    // Without it, the window is what the content alone needs, and the base's far end is out of reach.
    [constants.ZSTD_c_windowLog]: windowLog,
    // The level's own tables index about 1 MiB: of a larger base only the end would be found.
    ...(windowLog > LARGE_WINDOW_LOG
      ? { [constants.ZSTD_c_hashLog]: windowLog - 1, [constants.ZSTD_c_chainLog]: windowLog - 1 }
      : {}),
  };
  return compressOnce(content, params, base);
}

function compressOnce(
  content: Buffer,
  params: Record<number, number>,
  dictionary?: Buffer,
): Buffer | undefined {
  try {
    const frame = zstdCompressSync(content, {
      params,
      pledgedSrcSize: content.length,
      chunkSize: Math.max(MIN_CHUNK_BYTES, content.length),
      ...(dictionary ? { dictionary } : {}),
    });
    checkFrame(frame, content.length);
    return frame;
  } catch {
    return undefined;
  }
}

/** The content of a frame: exactly `length` bytes, in `into` where that is possible. Throws DECODE, or what zlib throws. */
export function decompress(frame: Buffer, length: number, base?: Buffer, into?: Buffer): Buffer {
  if (base && !isUsableBase(base)) throw new DecodeError("the base cannot be a dictionary");
  const blocks = checkFrame(frame, length);
  const kept = keptZstd();
  if (kept && base === undefined) return kept.decompress(frame, length, into);
  // A checksum is that of the content alone.
  if (kept && base && blocks.end === frame.length)
    return decompressDelta(kept, frame, blocks, length, base, into);
  return zstdDecompressSync(frame, {
    maxOutputLength: Math.max(1, length),
    // One buffer for everything: room to spare, because a full buffer makes zlib ask for another.
    chunkSize: length + MIN_CHUNK_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG },
    ...(base ? { dictionary: base } : {}),
  });
}
