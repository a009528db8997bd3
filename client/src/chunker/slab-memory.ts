/** The memory in which streams are read, cut, hashed and encoded: slabs that every thread sees, never copied between them. */

/** Bytes of one slab: 60 chunks of average size, and a message between threads costs a thousandth of its work. */
export const SLAB_BYTES: number = 4 << 20;

const PAGE_BYTES = 65536;

/** The first page belongs to the chunker's tables; no slab begins at address 0. */
const RESERVED_BYTES = PAGE_BYTES;

/** Bytes into which a worker reads from a socket: what a kernel holds of one at most, in one go. */
export const INPUT_BYTES: number = 256 << 10;

/** Sockets from which one worker reads at a time, at most. */
export const LANES = 2;

/** Reserves address space for `slabs` slabs, and behind them for the input of each worker; physical memory is taken when it is first written. */
export function slabMemory(slabs: number, workers = 0): WebAssembly.Memory {
  const pages = (RESERVED_BYTES + slabs * SLAB_BYTES + workers * LANES * INPUT_BYTES) / PAGE_BYTES;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Address of the first byte of a slab. */
export function slabStart(slab: number): number {
  return RESERVED_BYTES + slab * SLAB_BYTES;
}

/** Address of the inputs of a worker, where there are so many slabs. */
export function inputStart(slabs: number, worker: number): number {
  return slabStart(slabs) + worker * LANES * INPUT_BYTES;
}
