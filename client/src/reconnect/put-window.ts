/** What was put and is not known to be durable: sent again to whoever takes the place of a dead holder. */
import type { Argument } from "../connection.ts";

export interface PutWindow {
  readonly bytes: number;
  /** Remembers a BPUT before it is sent. */
  add(args: readonly Argument[]): void;
  /** Marks a place: what was added before it can be dropped together. */
  mark(): number;
  /** Everything up to the mark is durable. */
  drop(mark: number): void;
  /** In the order of adding. */
  entries(): IterableIterator<readonly Argument[]>;
}

export function putWindow(): PutWindow {
  const kept = new Map<number, readonly Argument[]>();
  let bytes = 0;
  let next = 0;
  return {
    get bytes() {
      return bytes;
    },
    add(args) {
      kept.set(next++, args);
      bytes += sizeOf(args);
    },
    mark: () => next,
    drop(mark) {
      for (const [key, args] of kept) {
        if (key >= mark) return;
        kept.delete(key);
        bytes -= sizeOf(args);
      }
    },
    entries: () => kept.values(),
  };
}

function sizeOf(args: readonly Argument[]): number {
  const content = args[1];
  return Buffer.isBuffer(content) ? content.length : String(content).length;
}
