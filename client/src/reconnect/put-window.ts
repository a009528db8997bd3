/** What was put and is not known to be durable: sent again to whoever takes the place of a dead holder. */
import type { Argument } from "../connection.ts";

export interface PutWindow {
  /** Content bytes of everything that is in flight or not durable. */
  readonly bytes: number;
  /** Counts a BPUT that is about to be sent; returns its ticket. */
  add(args: readonly Argument[]): number;
  /** It was accepted: whoever takes over must get it again. Until then its sender repeats it. */
  accepted(ticket: number): void;
  /** It was refused. */
  refused(ticket: number): void;
  /** A place in the order of adding: what was added before it can be dropped together. */
  mark(): number;
  /** Everything up to the mark is durable. */
  drop(mark: number): void;
  /** What was accepted, in the order of adding. */
  entries(): (readonly Argument[])[];
}

interface Put {
  args: readonly Argument[];
  accepted: boolean;
}

export function putWindow(): PutWindow {
  const kept = new Map<number, Put>();
  let bytes = 0;
  let next = 0;

  function remove(ticket: number): void {
    const put = kept.get(ticket);
    if (put === undefined) return;
    kept.delete(ticket);
    bytes -= sizeOf(put.args);
  }

  return {
    get bytes() {
      return bytes;
    },
    add(args) {
      kept.set(next, { args, accepted: false });
      bytes += sizeOf(args);
      return next++;
    },
    accepted(ticket) {
      const put = kept.get(ticket);
      if (put !== undefined) put.accepted = true;
    },
    refused: remove,
    mark: () => next,
    drop(mark) {
      for (const ticket of kept.keys()) {
        if (ticket >= mark) return;
        remove(ticket);
      }
    },
    entries: () => [...kept.values()].filter((put) => put.accepted).map((put) => put.args),
  };
}

function sizeOf(args: readonly Argument[]): number {
  const content = args[1];
  return Buffer.isBuffer(content) ? content.length : String(content).length;
}
