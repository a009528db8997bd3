/** Nodes that a crash may have left without their content, kept in local/ until somebody has looked at them. */
import { guardLevel, type Level } from "../keyspace/open-level.ts";
import { prefixEnd } from "../keyspace/raw-key.ts";

/** First byte of the keys. Permanent. */
const PREFIX = Buffer.from("u");

/** After a scan of everything only the last nodes can lack something: those that were written just before a power cut. */
const PARTS = 4;

/** The nodes to be looked at. */
export interface Suspects {
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

/** Those that an earlier opening was cut short over come first. `n` is the length of a name. */
export async function openSuspects(local: Level, n: number): Promise<Suspects> {
  const parts: Buffer[] = [];
  const range = { gte: PREFIX, lt: prefixEnd(PREFIX) };
  const left = await guardLevel(local, local.values(range).all());
  if (left.length > 0) parts.push(Buffer.concat(left));
  let written = left.length;
  return {
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
      if (written > 0) await guardLevel(local, local.clear(range));
      written = 0;
      parts.length = 0;
    },
  };
}
