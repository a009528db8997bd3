/** Tells which keys an index surely does not have, without asking LevelDB: that would look into each of its tables, 2 to 5 us a key. */
import type { Level } from "../keyspace/open-level.ts";
import { prefixEnd } from "../keyspace/raw-key.ts";
import { createKeyFilter } from "./key-filter.ts";

/** Of one index that nobody else writes to. */
export interface AbsentKeys {
  has(key: Buffer): boolean;
  /** To be told of every key before it is written. */
  writes(key: Buffer): void;
}

/**
 * Keys with the same first byte, a kind of record, belong together: as long as none was there in the beginning, those that nobody wrote since then are
 * absent. So it is in a first backup: the log of a new store is written at once, and with encryption more, but data and nodes come later.
 * `empty`: nothing was ever written to the index.
 */
export function createAbsentKeys(level: Level, prefix: Buffer, empty: boolean): AbsentKeys {
  const written = createKeyFilter();
  /** By first byte: whether there were none; null as long as that is being looked up. */
  const vacant: (boolean | null | undefined)[] = new Array(256).fill(undefined);

  function lookUp(byte: number): void {
    vacant[byte] = empty ? true : null;
    if (empty) return;
    const gte = Buffer.concat([prefix, Buffer.from([byte])]);
    const first = level.keys({ gte, lt: prefixEnd(gte), limit: 1 }).all();
    // An error is told to who asks LevelDB the next time.
    first.then(
      (keys) => {
        vacant[byte] = keys.length === 0;
      },
      () => {
        vacant[byte] = false;
      },
    );
  }

  return {
    has(key) {
      const byte = key[0]!;
      if (vacant[byte] === undefined) lookUp(byte);
      return vacant[byte] === true && !written.mayHave(key);
    },
    writes(key) {
      if (vacant[key[0]!] !== false) written.add(key);
    },
  };
}
