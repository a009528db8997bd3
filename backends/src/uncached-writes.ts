/**
 * A file system whose long writes go past the page cache (O_DIRECT), for what is much, or read when another copy is damaged and
 * not before: what it would push out of memory is worth more, and a copy into fresh memory costs more than the disk does.
 */
import { constants } from "node:fs";
import { systemCode } from "./blobsfile/file-error.ts";
import type { FileHandle, FileSystem } from "./file-system.ts";
import { openFlags } from "./node-file-system.ts";

/** Devices and file systems take multiples of this, in memory and on disk. */
const BLOCK_BYTES = 4096;
/** Shorter writes are cheaper through the cache, as their first and last block must go. */
const LEAST_BYTES = 128 * 1024;
const STAGE_BYTES = 2 << 20;
const WASM_PAGE_BYTES = 65_536;

type Stage = <T>(use: (memory: Buffer) => Promise<T>) => Promise<T>;

/** Memory that begins at a page, for one user at a time. */
function createStage(): Stage {
  let memory: Buffer | null = null;
  let last: Promise<unknown> = Promise.resolve();
  return (use) => {
    const pages = STAGE_BYTES / WASM_PAGE_BYTES;
    memory ??= Buffer.from(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer);
    const mine = memory;
    const turn = last.then(() => use(mine));
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** Calls `use` with what of each buffer is among the bytes [from, to) of all, taken together: the buffer, and where that begins and ends in it. */
function eachPart(
  buffers: readonly Buffer[],
  from: number,
  to: number,
  use: (buffer: Buffer, begin: number, end: number) => void,
): void {
  let start = 0;
  for (const buffer of buffers) {
    if (start >= to) break;
    const begin = Math.max(0, from - start);
    const end = Math.min(buffer.length, to - start);
    if (begin < end) use(buffer, begin, end);
    start += buffer.length;
  }
}

function partOf(buffers: readonly Buffer[], from: number, to: number): Buffer[] {
  const parts: Buffer[] = [];
  eachPart(buffers, from, to, (buffer, begin, end) => parts.push(buffer.subarray(begin, end)));
  return parts;
}

/** Null where the file system cannot do it. */
type OpenDirect = (path: string) => Promise<FileHandle | null>;

function openDirect(path: string): Promise<FileHandle | null> {
  return openFlags(path, constants.O_WRONLY | constants.O_DIRECT).catch((error: unknown) => {
    if (systemCode(error) === "EINVAL") return null;
    throw error;
  });
}

/** What the files of one file system share. */
interface Shared {
  stage: Stage;
  /** Bytes that may still go through the cache before the next sync. */
  spare: number;
}

/** `open` is called at the first long write; `after`: what is spare after a sync. */
function pastCache(
  file: FileHandle,
  open: () => Promise<FileHandle | null>,
  shared: Shared,
  after: number,
): FileHandle {
  let direct: Promise<FileHandle | null> | null = null;

  /** Writes whole blocks; resolves with how far it came: to `from` when this cannot be done here. */
  function writeBlocks(
    buffers: readonly Buffer[],
    from: number,
    to: number,
    position: number,
  ): Promise<number> {
    return shared.stage(async (memory) => {
      direct ??= open();
      let at = from;
      for (let next = at; at < to; at = next) {
        next = Math.min(to, at + memory.length);
        let filled = 0;
        eachPart(buffers, at, next, (buffer, begin, end) => {
          filled += buffer.copy(memory, filled, begin, end);
        });
        const opened = await direct;
        if (opened === null) return at;
        try {
          await opened.write([memory.subarray(0, filled)], position + at);
        } catch (error) {
          if (systemCode(error) !== "EINVAL") throw error;
          await opened.close();
          direct = Promise.resolve(null);
          return at;
        }
      }
      return at;
    });
  }

  return {
    ...file,
    async write(buffers, position) {
      const total = buffers.reduce((sum, { length }) => sum + length, 0);
      if (shared.spare > 0) {
        shared.spare -= total;
        return await file.write(buffers, position);
      }
      const from = (BLOCK_BYTES - (position % BLOCK_BYTES)) % BLOCK_BYTES;
      const to = total - ((position + total) % BLOCK_BYTES);
      if (to - from < LEAST_BYTES) return await file.write(buffers, position);
      // In order: whenever it is interrupted, a prefix is there.
      if (from > 0) await file.write(partOf(buffers, 0, from), position);
      const at = await writeBlocks(buffers, from, to, position);
      if (at < total) await file.write(partOf(buffers, at, total), position + at);
    },
    sync() {
      shared.spare = after;
      return file.sync();
    },
    async close() {
      await (await direct)?.close();
      await file.close();
    },
  };
}

/**
 * The same files; what they hold differs in nothing but where it is kept in memory. `after`: so many bytes go through the cache before
 * each sync, and only what is written beyond them goes past it.
 */
export function uncachedWrites(
  fs: FileSystem,
  after: number = 0,
  direct: OpenDirect = openDirect,
): FileSystem {
  const shared: Shared = { stage: createStage(), spare: after };
  return {
    ...fs,
    async open(path, mode) {
      const file = await fs.open(path, mode);
      return mode === "read" ? file : pastCache(file, () => direct(path), shared, after);
    },
  };
}
