/** A record index in memory: for tests, and for backends that need no persistent one. */
import type { RecordIndex } from "./record-index.ts";

/** An empty index; it lives as long as the object. */
export function createMemoryIndex(): RecordIndex {
  // Latin-1 strings compare like the bytes they stand for, and are the cheapest Map keys a Buffer can become.
  const values = new Map<string, Buffer>();
  return {
    getMany(keys) {
      if (values.size === 0) return new Array(keys.length).fill(undefined);
      return keys.map((key) => values.get(key.latin1Slice()));
    },
    async write(puts, removes) {
      for (const [key, value] of puts) values.set(key.latin1Slice(), Buffer.from(value));
      for (const key of removes) values.delete(key.latin1Slice());
    },
    async *entries(from, to) {
      const [low, high] = [from.latin1Slice(), to.latin1Slice()];
      const keys = [...values.keys()].filter((key) => key >= low && key < high).sort();
      for (const key of keys) {
        const value = values.get(key);
        if (value !== undefined) yield [Buffer.from(key, "latin1"), value];
      }
    },
    async clear() {
      values.clear();
    },
  };
}
