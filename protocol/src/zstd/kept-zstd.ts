/**
 * zstd for small blobs, through handles that are kept: zlib's synchronous functions make a new context for every call, which
 * costs 13 to 18 us, many times the work itself for a blob of 1 KiB. A kept handle takes 2 to 8 us.
 *
 * The way to the handle is not documented by Node. So it is used only in the versions of Node that were tried, only after it
 * has passed a test in this very process, and every result is checked; `keptZstd` answers undefined otherwise, and callers use
 * zlib's documented functions.
 */
import { constants, createZstdCompress, createZstdDecompress, zstdDecompressSync } from "node:zlib";
import { placed } from "./placed.ts";
import { checkFrame } from "./zstd-frame.ts";

/** The major versions of Node whose handles were tried. */
const TRIED_NODE = new Set(["24"]);
/** The output buffer that is kept between calls; larger contents get one of their own. */
const SCRATCH_BYTES = 512 * 1024;
/** Levels with a handle of their own; others are rare. */
const MAX_KEPT_LEVEL = 5;

interface Handle {
  writeSync(
    flush: number,
    input: Buffer,
    at: number,
    length: number,
    out: Buffer,
    outAt: number,
    outLength: number,
  ): void;
  onerror(message: string): void;
}

/** A handle with where it leaves the bytes left: [0] of the output, [1] of the input. */
interface KeptHandle {
  handle: Handle;
  state: Uint32Array;
  failed: boolean;
}

/** zstd with kept contexts; both throw when anything is not as expected. */
export interface KeptZstd {
  /** The content as one frame in memory of its own; or in `into`, undefined when there is no room: see compress() in zstd.ts. */
  compress(content: Buffer, level: number): Buffer;
  compress(content: Buffer, level: number, into?: Buffer): Buffer | undefined;
  /** The content of a frame that checkFrame has accepted; in `into`, which has that length, when it is given. */
  decompress(frame: Buffer, length: number, into?: Buffer): Buffer;
}

function keep(stream: object): KeptHandle {
  const { _handle: handle, _writeState: state } = stream as { _handle?: Handle; _writeState?: Uint32Array };
  if (typeof handle?.writeSync !== "function" || !(state instanceof Uint32Array))
    throw new Error("no zstd handle");
  const kept: KeptHandle = { handle, state, failed: false };
  handle.onerror = () => {
    kept.failed = true;
  };
  return kept;
}

/** zstd's bound for what a content can grow to: with this much room a frame is written in one step. */
export function compressBound(length: number): number {
  return length + (length >> 8) + (length < 131_072 ? (131_072 - length) >> 11 : 0);
}

function makeKeptZstd(): KeptZstd {
  const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  const compressors: (KeptHandle | undefined)[] = [];
  let decompressor: KeptHandle | undefined;
  return {
    compress(content: Buffer, level: number, into?: Buffer) {
      const kept =
        compressors[level] ??
        keep(createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } }));
      // Forgotten until it has succeeded: a handle that failed may hold half a frame.
      compressors[level] = undefined;
      const room = compressBound(content.length);
      const own = into !== undefined && into.length >= room ? into : scratch;
      const out = room <= own.length ? own : Buffer.allocUnsafeSlow(room);
      kept.handle.writeSync(constants.ZSTD_e_end, content, 0, content.length, out, 0, out.length);
      const [outLeft = 0, inLeft = 1] = kept.state;
      if (kept.failed || inLeft !== 0 || outLeft === 0) throw new Error("zstd did not finish the frame");
      const frame = out.subarray(0, out.length - outLeft);
      checkFrame(frame, content.length);
      compressors[level] = kept;
      return out === into ? frame : (placed(frame, into) as Buffer);
    },
    decompress(frame, length, into) {
      const kept = decompressor ?? keep(createZstdDecompress());
      decompressor = undefined;
      const content = into ?? Buffer.allocUnsafe(length);
      kept.handle.writeSync(constants.ZSTD_e_continue, frame, 0, frame.length, content, 0, length);
      const [outLeft = 1, inLeft = 1] = kept.state;
      if (kept.failed || inLeft !== 0 || outLeft !== 0) throw new Error("the zstd frame is damaged");
      decompressor = kept;
      return content;
    },
  };
}

/** Whether kept handles do here what they should: frames that zlib itself reads, again and again, also after failures. */
function passesTest(zstd: KeptZstd): boolean {
  for (const length of [300, 5_000, 200_000, 300]) {
    const content = Buffer.alloc(length, "the quick brown fox jumps over the lazy dog ");
    content.writeUInt32LE(length, length >> 1);
    const frame = zstd.compress(content, 1);
    if (!zstdDecompressSync(frame).equals(content) || !zstd.decompress(frame, length).equals(content))
      return false;
    const bad = Buffer.from(frame);
    bad.fill(0xff, 12);
    if (!fails(() => zstd.decompress(bad, length)) || !fails(() => zstd.decompress(frame, length - 1)))
      return false;
  }
  return true;
}

function fails(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}

let tested: { zstd: KeptZstd | undefined } | undefined;

/** zstd with kept contexts in this thread, or undefined where only zlib's documented functions can be trusted. */
export function keptZstd(level = 1): KeptZstd | undefined {
  if (level < 1 || level > MAX_KEPT_LEVEL) return undefined;
  tested ??= { zstd: testedZstd() };
  return tested.zstd;
}

function testedZstd(): KeptZstd | undefined {
  const [major = ""] = process.versions.node.split(".");
  if (!TRIED_NODE.has(major)) return undefined;
  try {
    const zstd = makeKeptZstd();
    return passesTest(zstd) ? zstd : undefined;
  } catch {
    return undefined;
  }
}
