/** The index of one leaf backend: keys of local/ below `i/<path>/`. */
import type { RecordIndex } from "@datadb/backends";
import { guardLevel, type Level, levelError } from "../keyspace/open-level.ts";
import { prefixEnd } from "../keyspace/raw-key.ts";
import { readAll, readAllValues } from "../keyspace/read-all.ts";
import type { AbsentKeys } from "./absent-keys.ts";

async function* readEntries(
  level: Level,
  gte: Buffer,
  lt: Buffer,
  strip: number,
): AsyncGenerator<[Buffer, Buffer]> {
  for await (const page of readAll(level, { gte, lt }))
    for (const [key, value] of page) yield [key.subarray(strip), value];
}

/** What the keys of a backend's index begin with. Permanent. */
export function indexPrefix(path: string): Buffer {
  return Buffer.from(`i/${path}/`);
}

/** The index of the backend with this prefix. `absent`: when nobody else writes keys with the prefix. */
export function levelRecordIndex(level: Level, prefix: Buffer, absent?: AbsentKeys): RecordIndex {
  const scoped = (key: Buffer): Buffer => {
    const out = Buffer.allocUnsafe(prefix.length + key.length);
    out.set(prefix, 0);
    out.set(key, prefix.length);
    return out;
  };
  let passed: Buffer = Buffer.alloc(0);
  /** The same for a call that copies the key before it returns: the memory is used for the next one. */
  const passing = (key: Buffer): Buffer => {
    if (passed.length === prefix.length + key.length) passed.set(key, prefix.length);
    else passed = scoped(key);
    return passed;
  };
  return {
    ...(absent && { lacks: (key) => absent.has(key) }),
    getMany(keys) {
      try {
        return keys.map((key) => (absent?.has(key) ? undefined : level.getSync(passing(key))));
      } catch (error) {
        throw levelError(level.location, error);
      }
    },
    async write(puts, removes, options = {}) {
      try {
        const batch = level.batch();
        const put = (key: Buffer, value: Buffer): void => {
          absent?.writes(key);
          batch.put(passing(key), value);
        };
        for (const [key, value] of puts) put(key, value);
        options.more?.(put);
        for (const key of removes) batch.del(passing(key));
        await batch.write({ sync: options.durable ?? false });
      } catch (error) {
        throw levelError(level.location, error);
      }
    },
    entries: (from, to) => readEntries(level, scoped(from), scoped(to), prefix.length),
    values: (from, to) => readAllValues(level, { gte: scoped(from), lt: scoped(to) }),
    async clear() {
      await guardLevel(level, level.clear({ gte: prefix, lt: prefixEnd(prefix) }));
    },
  };
}
