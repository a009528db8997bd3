/** A record index in memory: for tests, and for backends that need no persistent one. */
import type { RecordIndex } from "./record-index.ts";

/** A record index that can be copied as it is now, for a second life after a crash. */
export interface MemoryIndex extends RecordIndex {
  copy(): MemoryIndex;
}

/** An empty index; it lives as long as the object. */
export function createMemoryIndex(): MemoryIndex {
  return memoryIndex(new Map());
}

// Latin-1 strings compare like the bytes they stand for, and are the cheapest Map keys a Buffer can become.
function memoryIndex(values: Map<string, Buffer>): MemoryIndex {
  async function* entries(from: Buffer, to: Buffer): AsyncGenerator<[Buffer, Buffer]> {
    const [low, high] = [from.toString("latin1"), to.toString("latin1")];
    const keys = [...values.keys()].filter((key) => key >= low && key < high).sort();
    for (const key of keys) {
      const value = values.get(key);
      if (value !== undefined) yield [Buffer.from(key, "latin1"), value];
    }
  }
  return {
    copy: () => memoryIndex(new Map(values)),
    getMany(keys) {
      if (values.size === 0) return new Array(keys.length).fill(undefined);
      return keys.map((key) => values.get(key.toString("latin1")));
    },
    lacks: (key) => !values.has(key.toString("latin1")),
    async write(puts, removes, { more } = {}) {
      const put = (key: Buffer, value: Buffer): void => {
        values.set(key.toString("latin1"), Buffer.from(value));
      };
      for (const [key, value] of puts) put(key, value);
      more?.(put);
      for (const key of removes) values.delete(key.toString("latin1"));
    },
    entries,
    async *values(from, to) {
      for await (const [, value] of entries(from, to)) yield [value];
    },
    async clear() {
      values.clear();
    },
  };
}
