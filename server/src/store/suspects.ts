/** Nodes that a crash may have left without their content, kept in local/ until somebody has looked at them. */
import { guardLevel, type Level } from "../keyspace/open-level.ts";

/** First byte of the keys. Permanent. */
const PREFIX = Buffer.from("u");
/** Says that all nodes are to be looked at. Permanent. */
const EVERYTHING_KEY = Buffer.concat([PREFIX, Buffer.from([0xff])]);

/** Without a full scan only the last nodes can lack something: those that were written just before a power cut. */
const PARTS = 4;

/** The nodes to be looked at. */
export interface Suspects {
  /** The index is made from the packs alone: every node in it is a suspect. */
  readonly everything: boolean;
  /** Remembers more; what is written to local/ after it resolves never outlives it. */
  add(names: readonly Buffer[]): Promise<void>;
  /** The last of all, in the order in which they were added. */
  names(): Buffer[];
  /** All were looked at, and what was found is done. */
  clear(): Promise<void>;
}

function keyOf(part: number): Buffer {
  return Buffer.concat([PREFIX, Buffer.from([part])]);
}

/** Those that an earlier opening was cut short over come first. `n` is the length of a name; `empty`: there is no index yet. */
export async function openSuspects(local: Level, n: number, empty: boolean): Promise<Suspects> {
  const parts: Buffer[] = [];
  const range = { gte: PREFIX, lt: EVERYTHING_KEY };
  const everything = empty || (await guardLevel(local, local.get(EVERYTHING_KEY))) !== undefined;
  if (empty) await guardLevel(local, local.put(EVERYTHING_KEY, Buffer.from([1])));
  const left = await guardLevel(local, local.values(range).all());
  if (left.length > 0) parts.push(Buffer.concat(left));
  let written = left.length;
  return {
    everything,
    async add(names) {
      if (names.length === 0) return;
      const part = Buffer.concat(names);
      parts.push(part);
      if (parts.length > PARTS) parts.shift();
      // A key is used again when its names are no longer among the last.
      await guardLevel(local, local.put(keyOf(written % (2 * PARTS)), part));
      written += 1;
    },
    names: () =>
      parts.flatMap((part) =>
        Array.from({ length: Math.floor(part.length / n) }, (_, at) => part.subarray(at * n, (at + 1) * n)),
      ),
    async clear() {
      if (everything) await guardLevel(local, local.del(EVERYTHING_KEY));
      if (written > 0) await guardLevel(local, local.clear(range));
      written = 0;
      parts.length = 0;
    },
  };
}
