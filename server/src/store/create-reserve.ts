/** A little space kept aside, so that a full disk can still be read, and made less full. */
import { randomBytes } from "node:crypto";
import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { nodeFileSystem } from "@datadb/backends";
import { DiskFullError } from "@datadb/protocol";

/** Enough to open both databases, to log that backups are gone, and to begin a collection. */
const RESERVE_BYTES: number = 4 * 1024 * 1024;
/** Below this much free space the reserve is given up. */
const LOW_BYTES: number = 2 * 1024 * 1024;
/** And below this much for a collection, which copies what is left of packs before it deletes them. */
const COLLECT_BYTES: number = 16 * 1024 * 1024;
/** A smaller one would help nobody. */
const LEAST_BYTES: number = 512 * 1024;
/** What is left free beside the reserve when that takes the rest. */
const MARGIN_BYTES: number = 64 * 1024;
/** While the reserve is given up, so often is looked whether there is room again. */
const LOOK_EVERY_MS = 1000;

export interface Reserve {
  /** Gives the reserve up when the disk is full: for work that makes room. New content is refused from then on. */
  release(): Promise<void>;
  /** The same for a collection, which needs more; resolves with whether the disk is full. */
  releaseToCollect(): Promise<boolean>;
  /** Once the store is locked: gives it up on a full disk, makes it elsewhere. */
  settle(): Promise<void>;
  /** Makes it again, as large as there is room for. */
  restore(): Promise<void>;
  /** Rejects with DISK_FULL while what is free is kept for making room. */
  requireRoom(): Promise<void> | undefined;
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

/** Bytes that no file system makes fewer. */
async function writeFile(path: string, bytes: number): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(randomBytes(bytes));
  } finally {
    await file.close();
  }
}

/** The reserve of the store in `directory`. Where none can be made (a read-only disk) there is none. */
export function createReserve(directory: string): Reserve {
  const path = join(directory, "reserve");
  let released = false;
  let looked = 0;
  const restore = async (): Promise<void> => {
    const there = await sizeOf(path);
    if (there >= RESERVE_BYTES) {
      released = false;
      return;
    }
    const room = (await nodeFileSystem.freeBytes(directory)) + there - MARGIN_BYTES;
    const bytes = Math.min(RESERVE_BYTES, room);
    if (bytes < LEAST_BYTES || bytes <= there) return;
    await writeFile(path, bytes);
    released = bytes < RESERVE_BYTES;
  };
  const release = async (below: number): Promise<boolean> => {
    if ((await nodeFileSystem.freeBytes(directory)) >= below) return false;
    released = true;
    await rm(path, { force: true });
    return true;
  };
  const requireRoom = async (): Promise<void> => {
    if (performance.now() - looked > LOOK_EVERY_MS) {
      looked = performance.now();
      if ((await nodeFileSystem.freeBytes(directory)) > RESERVE_BYTES + LOW_BYTES) await restore();
    }
    if (released)
      throw new DiskFullError(
        `${directory}: the disk is full, and what is free is kept for removing backups`,
        {
          next: "make room: remove backups with datadb rm or datadb forget, then run datadb gc; or enlarge the disk",
          fields: { path: directory },
        },
      );
  };
  const quietly = (work: () => Promise<unknown>) => async (): Promise<void> => {
    await work().catch(() => undefined);
  };
  return {
    release: quietly(() => release(LOW_BYTES)),
    releaseToCollect: () => release(COLLECT_BYTES).catch(() => false),
    restore: quietly(restore),
    async settle() {
      await quietly(() => release(LOW_BYTES))();
      if (!released) await quietly(restore)();
    },
    requireRoom: () => (released ? requireRoom() : undefined),
  };
}
