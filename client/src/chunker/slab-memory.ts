/** The memory in which streams are read, cut, hashed and encoded: slabs that every thread sees, never copied between them. */

/** Bytes of one slab: 60 chunks of average size, and a message between threads costs a thousandth of its work. */
export const SLAB_BYTES: number = 4 << 20;

const PAGE_BYTES = 65536;

/** The first page belongs to the chunker's tables; no slab begins at address 0. */
const RESERVED_BYTES = PAGE_BYTES;

/** Reserves address space for `slabs` slabs; physical memory is taken when a slab is first written. */
export function slabMemory(slabs: number): WebAssembly.Memory {
  const pages = (RESERVED_BYTES + slabs * SLAB_BYTES) / PAGE_BYTES;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Address of the first byte of a slab. */
export function slabStart(slab: number): number {
  return RESERVED_BYTES + slab * SLAB_BYTES;
}
