/** An index whose writes wait for each other and go out together: what each costs is handing it to another thread. */
import type { RecordIndex } from "../record-index.ts";

type Entry = readonly [key: Buffer, value: Buffer];

/** Writes that go out as one. */
interface Group {
  readonly puts: Entry[];
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
function fits({ removed }: Group, puts: readonly Entry[]): boolean {
  return removed.size === 0 || puts.every(([key]) => !removed.has(key.toString("latin1")));
}

/** The same index; a write that comes while another is under way goes with the next. All of a group fail together. */
export function groupWrites(index: RecordIndex): RecordIndex {
  const waiting: Group[] = [];
  let writing = false;

  async function writeAll(): Promise<void> {
    writing = true;
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      const written = index.write(group.puts, group.removes, { durable: group.durable });
      group.settle(written);
      await written.catch(() => undefined);
    }
    writing = false;
  }

  return {
    ...index,
    write(puts, removes, { durable = false } = {}) {
      let group = waiting.at(-1);
      if (group === undefined || !fits(group, puts)) {
        group = newGroup();
        waiting.push(group);
      }
      for (const put of puts) group.puts.push(put);
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
