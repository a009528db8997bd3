/** Shared memory for contents and payloads, used again and again: what is allocated for every chunk costs more to collect than to decode. */

/** A batch of chunks, the last of which may be long. */
const SLAB_BYTES = 1.5 * 2 ** 20;
/** Free slabs that are kept. */
const MOST_FREE = 8;

export interface Slab {
  memory: SharedArrayBuffer;
  /** All of it. */
  view: Buffer;
}

export interface SlabPool {
  /** A slab of at least so many bytes. What is in it is left over from somebody else. */
  take(bytes: number): Slab;
  /** Nobody may use the slab or a view of it any more. */
  give(slab: Slab): void;
  /** Bytes of the slabs that are taken. */
  readonly bytes: number;
}

export function createSlabPool(): SlabPool {
  const free: Slab[] = [];
  let taken = 0;
  return {
    take(bytes) {
      let slab = bytes <= SLAB_BYTES ? free.pop() : undefined;
      if (slab === undefined) {
        const memory = new SharedArrayBuffer(Math.max(bytes, SLAB_BYTES));
        slab = { memory, view: Buffer.from(memory) };
      }
      taken += slab.memory.byteLength;
      return slab;
    },
    give(slab) {
      taken -= slab.memory.byteLength;
      if (slab.memory.byteLength === SLAB_BYTES && free.length < MOST_FREE) free.push(slab);
    },
    get bytes() {
      return taken;
    },
  };
}
