/** Files with several names: read once, and every name says which was the first in the walk. */
import { decodeMeta, encodeMeta, type Meta } from "@datadb/protocol";
import type { FinishedEntry } from "./directory-state.ts";
import { pathBytes } from "./entry-path.ts";
import type { PendingEntry } from "./scan-unit.ts";

interface Group {
  /** Path of the first member. */
  path: string;
  /** Undefined until the file was read; null when it cannot be. */
  meta: Meta | null | undefined;
  waiting: ((meta: Meta | null) => void)[];
  seen: number;
}

/** Groups of one walk. Members come in walk order. */
export class HardLinks {
  private readonly groups = new Map<string, Group>();

  /**
   * Adds a member at `path`; `finished` hears its meta, at once or later. `read` is called for the first member
   * of a file that changed, and answers with its canonical meta, or null.
   */
  add(
    entry: PendingEntry,
    path: string,
    read: (answer: (meta: Buffer | null) => void) => void,
    finished: (entry: FinishedEntry | null) => void,
  ): void {
    const key = entry.link!;
    let group = this.groups.get(key);
    if (group === undefined) {
      group = { path, meta: undefined, waiting: [], seen: 0 };
      this.groups.set(key, group);
      this.begin(group, entry, read);
    }
    group.seen++;
    if (group.seen === entry.links) this.groups.delete(key);
    const { path: link } = group;
    const finish = (meta: Meta | null): void => finished(meta && member(meta, entry.name, link));
    if (group.meta === undefined) group.waiting.push(finish);
    else finish(group.meta);
  }

  private begin(
    group: Group,
    entry: PendingEntry,
    read: (answer: (meta: Buffer | null) => void) => void,
  ): void {
    if (entry.unchanged) {
      group.meta = decodeMeta(Buffer.from(entry.previous!));
      return;
    }
    read((meta) => {
      group.meta = meta && decodeMeta(meta);
      for (const tell of group.waiting) tell(group.meta);
      group.waiting = [];
    });
  }
}

function member(meta: Meta, name: string, link: string): FinishedEntry {
  const encoded = encodeMeta({ ...meta, name: pathBytes(name), link: pathBytes(link) });
  return { meta: encoded, entries: 1, bytes: meta.size };
}
