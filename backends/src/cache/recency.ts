/** Which records a cache holds, how large they are, and which of them were used least recently. */
import { ByteReader, ByteWriter } from "@datadb/protocol";
import type { RecordIndex } from "../record-index.ts";

export interface Recency {
  /** Of all records together. */
  readonly bytes: number;
  readonly records: number;
  /** It is there, and was used now. */
  use(key: Buffer, bytes: number): void;
  forget(key: Buffer): void;
  /** The least recently used ones that have so many bytes together; they are forgotten. */
  takeOldest(bytes: number): Buffer[];
  /** Writes down what was used since the last time. A process that dies before forgets the order, not the records. */
  save(): Promise<void>;
}

function encodeTick(tick: number): Buffer {
  const writer = new ByteWriter(10);
  writer.varint(tick);
  return writer.finish();
}

/** `there`: keys and sizes of the records that the cache has; `index` keeps when they were used. */
export async function openRecency(
  index: RecordIndex,
  there: AsyncIterable<readonly [Buffer, number]>,
): Promise<Recency> {
  const found: { id: string; bytes: number; tick: number }[] = [];
  let tick = 0;
  let bytes = 0;
  for await (const [key, size] of there) {
    const [value] = index.getMany([key]);
    const used = value === undefined ? 0 : new ByteReader(value).varint();
    found.push({ id: key.toString("latin1"), bytes: size, tick: used });
    tick = Math.max(tick, used);
    bytes += size;
  }
  // A Map keeps the order in which its keys were set: the first one is the oldest.
  const sizes = new Map<string, number>();
  for (const one of found.sort((a, b) => a.tick - b.tick)) sizes.set(one.id, one.bytes);
  const used = new Map<string, number>();
  const gone = new Set<string>();
  const drop = (id: string): void => {
    const size = sizes.get(id);
    if (size === undefined) return;
    sizes.delete(id);
    used.delete(id);
    gone.add(id);
    bytes -= size;
  };
  return {
    get bytes() {
      return bytes;
    },
    get records() {
      return sizes.size;
    },
    use(key, size) {
      const id = key.toString("latin1");
      bytes += size - (sizes.get(id) ?? 0);
      sizes.delete(id);
      sizes.set(id, size);
      gone.delete(id);
      used.set(id, ++tick);
    },
    forget: (key) => drop(key.toString("latin1")),
    takeOldest(wanted) {
      const keys: Buffer[] = [];
      for (let [id, taken] = ["", 0]; taken < wanted && sizes.size > 0; drop(id)) {
        id = sizes.keys().next().value as string;
        taken += sizes.get(id) ?? 0;
        keys.push(Buffer.from(id, "latin1"));
      }
      return keys;
    },
    async save() {
      const puts = [...used].map(([id, at]): [Buffer, Buffer] => [Buffer.from(id, "latin1"), encodeTick(at)]);
      const removes = [...gone].map((id) => Buffer.from(id, "latin1"));
      used.clear();
      gone.clear();
      if (puts.length + removes.length > 0) await index.write(puts, removes);
    },
  };
}
