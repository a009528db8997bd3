/** Changes to keys that are not in LevelDB yet, by database, key and element. */

import type { Entry, RangeOptions } from "../database.ts";
import { byteId } from "./byte-id.ts";

/** One changed key: its new header (null: removed) and its changed elements. */
export interface KeyChange {
  readonly key: Buffer;
  /** Undefined when only elements changed. */
  header: Buffer | null | undefined;
  elements: Map<string, ElementChange> | null;
}

interface ElementChange {
  readonly element: Buffer;
  /** Null: removed. */
  readonly value: Buffer | null;
}

/** The changes of one database, by the key's bytes as Latin-1 text. */
export interface DatabaseChanges {
  readonly database: Buffer;
  readonly keys: Map<string, KeyChange>;
}

/** What a range over changes yields: null marks what is removed. */
export type Change = readonly [Buffer, Buffer | null];

/** Changes by database. */
export class ChangeSet {
  readonly databases: Map<string, DatabaseChanges> = new Map();
  /** Keys and elements that were written. */
  count = 0;
  /** While it is there, what undoes each change is added to it. */
  journal: (() => void)[] | null = null;
  /** Databases, as Latin-1 text, in which elements were set. */
  readonly withElements: Set<string> = new Set();
  private lastDatabase: Buffer | null = null;
  private lastChanges: DatabaseChanges | undefined;

  /** Sessions pass the same buffer for their database again and again: one look-up serves them. */
  private changesOf(database: Buffer): DatabaseChanges | undefined {
    if (database === this.lastDatabase && this.lastChanges !== undefined) return this.lastChanges;
    this.lastDatabase = database;
    this.lastChanges = this.databases.get(database.toString("latin1"));
    return this.lastChanges;
  }

  private changeFor(database: Buffer, key: Buffer): KeyChange {
    let changes = this.changesOf(database);
    if (changes === undefined) {
      changes = { database, keys: new Map() };
      this.databases.set(database.toString("latin1"), changes);
      this.lastChanges = changes;
    }
    const id = byteId(key);
    let change = changes.keys.get(id);
    if (change === undefined) {
      change = { key, header: undefined, elements: null };
      changes.keys.set(id, change);
    }
    return change;
  }

  /** The changed key, if it changed. */
  find(database: Buffer, key: Buffer): KeyChange | undefined {
    return this.changesOf(database)?.keys.get(byteId(key));
  }

  /** Sets or (null) removes a header. */
  setHeader(database: Buffer, key: Buffer, header: Buffer | null): void {
    const change = this.changeFor(database, key);
    const before = change.header;
    change.header = header;
    this.count += 1;
    this.journal?.push(() => {
      change.header = before;
    });
  }

  /** Sets or (null) removes an element. */
  setElement(database: Buffer, key: Buffer, element: Buffer, value: Buffer | null): void {
    const change = this.changeFor(database, key);
    if (change.elements === null) {
      change.elements = new Map();
      this.withElements.add(database.toString("latin1"));
    }
    const { elements } = change;
    const id = byteId(element);
    const before = elements.get(id);
    elements.set(id, { element, value });
    this.count += 1;
    this.journal?.push(() => {
      if (before === undefined) elements.delete(id);
      else elements.set(id, before);
    });
  }

  /** Changed elements of a key within a range, in order. */
  elements(database: Buffer, key: Buffer, options: RangeOptions): Change[] {
    const change = this.find(database, key);
    if (!change?.elements) return [];
    const found: Change[] = [];
    for (const { element, value } of change.elements.values()) {
      if (within(element, options)) found.push([element, value]);
    }
    return sortChanges(found, options);
  }

  /** Changed headers of a database within a range, in order. */
  headers(database: Buffer, options: RangeOptions): Change[] {
    const changes = this.changesOf(database);
    const found: Change[] = [];
    for (const { key, header } of changes?.keys.values() ?? []) {
      if (header !== undefined && within(key, options)) found.push([key, header]);
    }
    return sortChanges(found, options);
  }
}

function within(key: Buffer, { from, to }: RangeOptions): boolean {
  return (from === undefined || from.compare(key) <= 0) && (to === undefined || key.compare(to) < 0);
}

function sortChanges(changes: Change[], { reverse }: RangeOptions): Change[] {
  return changes.sort(reverse ? (a, b) => b[0].compare(a[0]) : (a, b) => a[0].compare(b[0]));
}

/** Pages of a range with changes laid over them; `changes` are sorted in the range's direction. Honours the limit. */
export async function* layChanges(
  pages: AsyncIterable<readonly Entry[]>,
  changes: readonly Change[],
  options: RangeOptions,
): AsyncGenerator<readonly Entry[]> {
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let next = 0;
  const sign = options.reverse ? -1 : 1;
  const put = (out: Entry[], [key, value]: Change): void => {
    if (value !== null) out.push([key, value]);
  };
  for await (const page of pages) {
    const out: Entry[] = [];
    for (const entry of page) {
      let hidden = false;
      for (let change = changes[next]; change !== undefined; change = changes[next]) {
        const order = change[0].compare(entry[0]) * sign;
        if (order > 0) break;
        next += 1;
        put(out, change);
        hidden = order === 0;
      }
      if (!hidden) out.push(entry);
    }
    if (out.length >= left) {
      if (left > 0) yield out.slice(0, left);
      return;
    }
    left -= out.length;
    if (out.length > 0) yield out;
  }
  const rest: Entry[] = [];
  for (; next < changes.length && rest.length < left; next += 1) put(rest, changes[next] as Change);
  if (rest.length > 0) yield rest;
}
