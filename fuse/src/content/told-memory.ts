/** In a decoding thread: the memory that it was told of. */
import type { ToldSlab } from "./decode-messages.ts";

const arenas = new Map<number, SharedArrayBuffer>();

/** The memory that the slab lies in. */
export function memoryOf({ arena, memory }: ToldSlab): SharedArrayBuffer {
  if (arena === null) return memory!;
  if (memory !== null) arenas.set(arena, memory);
  return arenas.get(arena)!;
}
