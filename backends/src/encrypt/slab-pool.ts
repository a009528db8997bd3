/** Memory for sealed records on their way, used again: fresh memory costs a page fault for each 4 KiB, and work for the collector. */

/** Slabs are multiples of this, so that they fit again. */
const STEP_BYTES: number = 256 * 1024;
/** What is kept at most: what is on its way at the same time in a first backup. */
const KEPT_BYTES: number = 16 * 1024 * 1024;

export interface SlabPool {
  /** At least `bytes` of memory with any content. */
  take(bytes: number): Buffer;
  /** Gives it back; nobody may use it any more. */
  give(slab: Buffer): void;
}

export function createSlabPool(): SlabPool {
  const free: Buffer[] = [];
  let kept = 0;
  return {
    take(bytes) {
      let best = -1;
      for (const [at, { length }] of free.entries())
        if (length >= bytes && (best < 0 || length < free[best]!.length)) best = at;
      if (best < 0) return Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
      const [slab] = free.splice(best, 1);
      kept -= slab!.length;
      return slab!;
    },
    give(slab) {
      if (kept + slab.length > KEPT_BYTES) return;
      free.push(slab);
      kept += slab.length;
    },
  };
}
