/** Where lately given cursors stand, so that the next step need not look for them. */
export interface CursorMemory {
  get(cursor: bigint): Buffer | undefined;
  put(cursor: bigint, last: Buffer): void;
  /** Forgets them all: scans go on as after a restart. */
  clear(): void;
}

const MAX_CURSORS = 4096;

export function createCursorMemory(): CursorMemory {
  const places = new Map<bigint, Buffer>();
  return {
    get: (cursor) => places.get(cursor),
    clear: () => places.clear(),
    put: (cursor, last) => {
      places.delete(cursor);
      places.set(cursor, Buffer.from(last));
      if (places.size <= MAX_CURSORS) return;
      const [oldest] = places.keys();
      places.delete(oldest as bigint);
    },
  };
}
