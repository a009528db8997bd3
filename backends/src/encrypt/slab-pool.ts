/** Memory for sealed records on their way, used again: fresh memory costs a page fault for each 4 KiB. */

/** What is kept at most, and the smallest that is given: a batch of chunks. */
const KEPT_SLABS = 3;
const SLAB_BYTES: number = 4 * 1024 * 1024 + 64 * 1024;

export interface SlabPool {
  /** At least `bytes` of memory with any content. */
  take(bytes: number): Buffer;
  /** Gives it back; nobody may use it any more. */
  give(slab: Buffer): void;
}

export function createSlabPool(): SlabPool {
  const free: Buffer[] = [];
  return {
    take(bytes) {
      if (bytes > SLAB_BYTES) return Buffer.allocUnsafeSlow(bytes);
      return free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
    },
    give(slab) {
      if (slab.length === SLAB_BYTES && free.length < KEPT_SLABS) free.push(slab);
    },
  };
}
