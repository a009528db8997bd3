/** Which contents are kept: the last used ones, within a limit of memory, and whatever somebody holds. */
import { createSlabPool, type Slab, type SlabPool } from "./slab-pool.ts";

/** Memory of a batch, and how many of its chunks are kept. */
export interface SharedMemory {
  /** Null: each content has memory of its own. */
  slab: Slab | null;
  kept: number;
}

export interface KeptBlob {
  length: number;
  content: Buffer | Promise<Buffer>;
  /** Known when it is here. */
  shared: SharedMemory | null;
  holders: number;
}

export interface KeptBlobs {
  blobs: Map<string, KeptBlob>;
  slabs: SlabPool;
  /** Contents of so many bytes came without a slab. */
  grow(bytes: number): void;
  /** A content of a batch is not kept, or no more: the memory goes back with the last one. */
  leave(shared: SharedMemory, length: number): void;
  /** Lets the oldest go that nobody holds, until the limit is kept. */
  shrink(): void;
  readonly bytes: number;
}

export function createKeptBlobs(limitBytes: number): KeptBlobs {
  const blobs = new Map<string, KeptBlob>();
  const slabs = createSlabPool();
  let ownBytes = 0;

  function leave(shared: SharedMemory, length: number): void {
    shared.kept -= 1;
    if (shared.slab === null) ownBytes -= length;
    else if (shared.kept === 0) slabs.give(shared.slab);
  }

  return {
    blobs,
    slabs,
    leave,
    grow(bytes) {
      ownBytes += bytes;
    },
    shrink() {
      for (const [key, { shared, holders, length }] of blobs) {
        if (slabs.bytes + ownBytes <= limitBytes) return;
        if (shared === null || holders > 0) continue;
        blobs.delete(key);
        leave(shared, length);
      }
    },
    get bytes() {
      return slabs.bytes + ownBytes;
    },
  };
}
