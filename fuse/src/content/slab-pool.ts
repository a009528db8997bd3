/**
 * Shared memory for contents and payloads, used again and again: what is allocated for every chunk costs more to collect than to decode, and each
 * thread that was told of it keeps it until it collects, too.
 */

/** What most slabs have. */
export const SLAB_BYTES: number = 1 << 20;
const ARENA_BYTES = 32 << 20;

/** Memory that threads are told of once. */
export interface Arena {
  /** Null: of a single slab that is too long for the others, and gone with it. */
  id: number | null;
  memory: SharedArrayBuffer;
}

export interface Slab {
  arena: Arena;
  /** Where it begins in the arena. */
  offset: number;
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

/** `makeRoom` is called before so many bytes are taken: it may give slabs back. */
export function createSlabPool(makeRoom: (bytes: number) => void): SlabPool {
  const free: Slab[] = [];
  let arenas = 0;
  let taken = 0;

  function addArena(): void {
    const arena = { id: arenas++, memory: new SharedArrayBuffer(ARENA_BYTES) };
    for (let offset = ARENA_BYTES - SLAB_BYTES; offset >= 0; offset -= SLAB_BYTES)
      free.push({ arena, offset, view: Buffer.from(arena.memory, offset, SLAB_BYTES) });
  }

  function long(bytes: number): Slab {
    const memory = new SharedArrayBuffer(bytes);
    return { arena: { id: null, memory }, offset: 0, view: Buffer.from(memory) };
  }

  return {
    take(bytes) {
      makeRoom(Math.max(bytes, SLAB_BYTES));
      if (bytes <= SLAB_BYTES && free.length === 0) addArena();
      const slab = bytes <= SLAB_BYTES ? free.pop()! : long(bytes);
      taken += slab.view.length;
      return slab;
    },
    give(slab) {
      taken -= slab.view.length;
      if (slab.arena.id !== null) free.push(slab);
    },
    get bytes() {
      return taken;
    },
  };
}
