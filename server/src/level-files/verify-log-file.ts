/** A log or manifest of LevelDB: whether each of its fragments is what was written. */
import type { FileHandle } from "node:fs/promises";
import { DecodeError } from "@datadb/protocol";
import { maskedCrc32c } from "./crc32c.ts";

const BLOCK_BYTES: number = 32 * 1024;
/** 4 bytes checksum, 2 bytes length, 1 byte type; no fragment begins in the last bytes of a block that are fewer. */
const HEADER_BYTES = 7;
/** Whole blocks that are read at once. */
const READ_BYTES: number = 32 * BLOCK_BYTES;

const FULL = 1;
const FIRST = 2;
const LAST = 4;

/** Hears the content of each whole record; what it throws ends the reading. */
export type OnRecord = (content: Buffer) => void;

/** Where the reading is in the records, which are one fragment or several. */
interface Progress {
  /** A record was begun and not ended. */
  open: boolean;
  /** Byte at which the file ends for LevelDB: a fragment that is cut short, or zeros. Null while it goes on. */
  end: number | null;
  /** What was read of the record, when somebody wants it. */
  readonly parts: Buffer[] | null;
}

interface Fragment {
  readonly type: number;
  readonly end: number;
}

/** The fragment at `at`, when all of it is in the block and its checksum is right. */
function fragmentAt(block: Buffer, at: number): Fragment | null {
  if (at + HEADER_BYTES > block.length) return null;
  const end = at + HEADER_BYTES + block.readUInt16LE(at + 4);
  const type = block[at + 6] as number;
  if (type < FULL || type > LAST || end > block.length) return null;
  return maskedCrc32c(block, at + 6, end) === block.readUInt32LE(at) ? { type, end } : null;
}

function isZero(block: Buffer, from: number): boolean {
  for (let at = from; at < block.length; at++) if (block[at] !== 0) return false;
  return true;
}

/**
 * A fragment that ends beyond the file is what a crash leaves; LevelDB takes it for the end. It is damage when its length is wrong: when it
 * is whole without it, or whole fragments follow, which would be dropped without a word.
 */
function isTorn(block: Buffer, at: number): boolean {
  if (at + HEADER_BYTES > block.length) return true;
  if (at + HEADER_BYTES + block.readUInt16LE(at + 4) <= block.length) return false;
  if (maskedCrc32c(block, at + 6, block.length) === block.readUInt32LE(at)) return false;
  for (let next = at + 1; next + HEADER_BYTES <= block.length; next++)
    if (fragmentAt(block, next)) return false;
  return true;
}

function follow(progress: Progress, { type }: Fragment, place: number): void {
  const begins = type === FULL || type === FIRST;
  if (begins === progress.open)
    throw new DecodeError(
      begins ? `the record before byte ${place} has no end` : `the record at byte ${place} has no beginning`,
    );
  progress.open = type !== FULL && type !== LAST;
}

function take(progress: Progress, content: Buffer, onRecord: OnRecord | undefined): void {
  if (!onRecord || !progress.parts) return;
  progress.parts.push(Buffer.from(content));
  if (!progress.open) onRecord(Buffer.concat(progress.parts.splice(0)));
}

/** One block; only the last of a file may be shorter than a block. */
function verifyBlock(block: Buffer, from: number, progress: Progress, onRecord?: OnRecord): void {
  let at = 0;
  while (at + HEADER_BYTES <= block.length) {
    const fragment = fragmentAt(block, at);
    if (fragment === null) {
      const last = block.length < BLOCK_BYTES;
      if (!isZero(block, at) && !(last && isTorn(block, at)))
        throw new DecodeError(`the fragment at byte ${from + at} is damaged`);
      progress.end = from + at;
      return;
    }
    follow(progress, fragment, from + at);
    take(progress, block.subarray(at + HEADER_BYTES, fragment.end), onRecord);
    at = fragment.end;
  }
  if (block.length === BLOCK_BYTES && !isZero(block, at))
    throw new DecodeError(`the end of the block before byte ${from + BLOCK_BYTES} is damaged`);
}

async function readBlocks(file: FileHandle, from: number, target: Buffer): Promise<Buffer> {
  let length = 0;
  while (length < target.length) {
    const { bytesRead } = await file.read(target, length, target.length - length, from + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return target.subarray(0, length);
}

/**
 * Checks the checksum of every fragment, and that records begin and end. A torn end is no damage: a crash leaves one. Throws DECODE saying
 * where the first damage is, and what reading throws.
 */
export async function verifyLogFile(file: FileHandle, onRecord?: OnRecord): Promise<void> {
  const progress: Progress = { open: false, end: null, parts: onRecord ? [] : null };
  const target = Buffer.allocUnsafeSlow(READ_BYTES);
  for (let from = 0; ; from += READ_BYTES) {
    const bytes = await readBlocks(file, from, target);
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = bytes.subarray(at, at + BLOCK_BYTES);
      if (progress.end === null) verifyBlock(block, from + at, progress, onRecord);
      else if (!isZero(block, 0))
        throw new DecodeError(`there are zeros from byte ${progress.end} on, and something behind them`);
    }
    if (bytes.length < READ_BYTES) return;
  }
}
