/** An index whose writes wait for each other and go out together: what each costs is handing it to another thread. */
import type { RecordIndex, TellPuts } from "../record-index.ts";

/** Writes that go out as one. */
interface Group {
  /** In order: of two puts with one key the later counts. */
  readonly puts: TellPuts[];
  readonly removes: Buffer[];
  readonly removed: Set<string>;
  durable: boolean;
  readonly done: Promise<void>;
  settle(written: Promise<void>): void;
}

function newGroup(): Group {
  let settle: Group["settle"] = () => {};
  const done = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { puts: [], removes: [], removed: new Set(), durable: false, done, settle };
}

/** Within a write all puts come before all removes: what was removed earlier cannot be put by the same one. */
function fits({ removed }: Group, puts: TellPuts): boolean {
  if (removed.size === 0) return true;
  let free = true;
  puts((key) => {
    free &&= !removed.has(key.toString("latin1"));
  });
  return free;
}

/** The same index; a write that comes while another is under way goes with the next. All of a group fail together. */
export function groupWrites(index: RecordIndex): RecordIndex {
  const waiting: Group[] = [];
  let writing = false;

  async function writeAll(): Promise<void> {
    writing = true;
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      const { puts, removes, durable } = group;
      const more: TellPuts = (put) => {
        for (const tell of puts) tell(put);
      };
      const written = index.write([], removes, { durable, more });
      group.settle(written);
      await written.catch(() => undefined);
    }
    writing = false;
  }

  return {
    ...index,
    write(puts, removes, { durable = false, more } = {}) {
      const own: TellPuts = (put) => {
        for (const [key, value] of puts) put(key, value);
        more?.(put);
      };
      let group = waiting.at(-1);
      if (group === undefined || !fits(group, own)) {
        group = newGroup();
        waiting.push(group);
      }
      group.puts.push(own);
      for (const key of removes) {
        group.removes.push(key);
        group.removed.add(key.toString("latin1"));
      }
      group.durable ||= durable;
      if (!writing) void writeAll();
      return group.done;
    },
  };
}
