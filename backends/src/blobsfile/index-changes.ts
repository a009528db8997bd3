/** Which names change in an index while use is made of what one pass over it has said. */

/** More names than these are not remembered: then any may have changed. */
const MOST_NAMES = 65_536;

/** The names that changed, or began to change, since it was opened. Close it. */
export interface ChangedNames {
  /** Whether what was said of the name may be out of date. */
  has(name: Buffer): boolean;
  close(): void;
}

/** One for each kind of records. */
export interface IndexChanges {
  /** These entries change, or go; `write` is what writes that, when it is known already. */
  note(names: readonly Buffer[], write?: Promise<void>): void;
  /** Begins to remember names; resolves when all writes that began before can be seen in the index. */
  watch(): Promise<ChangedNames>;
}

interface Watch {
  readonly names: Set<string>;
  tooMany: boolean;
}

export function createIndexChanges(): IndexChanges {
  const writes = new Set<Promise<void>>();
  const watches = new Set<Watch>();
  const remember = (watch: Watch, names: readonly Buffer[]): void => {
    watch.tooMany ||= watch.names.size + names.length > MOST_NAMES;
    if (watch.tooMany) watch.names.clear();
    else for (const name of names) watch.names.add(name.toString("latin1"));
  };
  return {
    note(names, write) {
      for (const watch of watches) remember(watch, names);
      if (write === undefined) return;
      writes.add(write);
      const forget = (): void => void writes.delete(write);
      write.then(forget, forget);
    },
    async watch() {
      const watch: Watch = { names: new Set(), tooMany: false };
      watches.add(watch);
      await Promise.allSettled(writes);
      return {
        has: (name) => watch.tooMany || (watch.names.size > 0 && watch.names.has(name.toString("latin1"))),
        close: () => void watches.delete(watch),
      };
    },
  };
}
