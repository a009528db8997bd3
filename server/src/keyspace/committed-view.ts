/** The committed state: LevelDB, the groups that are on their way into it, and a cache of headers in front. */

import type { Entry, RangeOptions, View } from "../database.ts";
import { byteId } from "./byte-id.ts";
import { type Change, type ChangeSet, layChanges } from "./change-set.ts";
import { HeaderCache } from "./header-cache.ts";
import { type Level, levelError } from "./open-level.ts";
import {
  databaseOfKey,
  ELEMENTS,
  elementKey,
  elementPrefix,
  elementsPrefix,
  HEADERS,
  headerKey,
  headerPrefix,
  prefixEnd,
} from "./raw-key.ts";

/** Entries that one call into LevelDB brings. */
const PAGE_ENTRIES = 1000;

/** The committed view, and how commits get into it. */
export interface CommittedView extends View {
  /** Makes changes visible; the caller then writes them to LevelDB and calls `settle`. */
  publish(changes: ChangeSet): void;
  /** Finds out in which databases keys have elements; before, any may. */
  learn(): Promise<void>;
  /** The changes are in LevelDB. */
  settle(changes: ChangeSet): void;
}

/** Pages of raw entries in a range. Throws DAMAGED. */
export async function* readPages(
  level: Level,
  range: {
    gte: Buffer;
    lt: Buffer;
    reverse?: boolean;
    limit?: number;
    snapshot?: ReturnType<Level["snapshot"]>;
  },
): AsyncGenerator<Entry[]> {
  const iterator = level.iterator({ ...range, limit: range.limit ?? -1 });
  try {
    for (;;) {
      const page = await iterator.nextv(Math.min(PAGE_ENTRIES, range.limit ?? PAGE_ENTRIES));
      if (page.length === 0) return;
      yield page;
    }
  } catch (error) {
    throw levelError(level.location, error);
  } finally {
    await iterator.close();
  }
}

async function* withoutPrefix(
  pages: AsyncIterable<Entry[]>,
  length: number,
): AsyncGenerator<readonly Entry[]> {
  for await (const page of pages) yield page.map(([key, value]) => [key.subarray(length), value] as const);
}

function rawRange(prefix: Buffer, { from, to, reverse, limit }: RangeOptions, extra: number) {
  return {
    gte: from === undefined ? prefix : Buffer.concat([prefix, from]),
    lt: to === undefined ? prefixEnd(prefix) : Buffer.concat([prefix, to]),
    ...(reverse ? { reverse } : {}),
    ...(limit === undefined ? {} : { limit: limit + extra }),
  };
}

/** A View of the LevelDB meta/. */
export function createCommittedView(level: Level, cache: HeaderCache = new HeaderCache()): CommittedView {
  /** Groups that LevelDB does not have yet, oldest first. */
  const pending: ChangeSet[] = [];
  let withElements: Set<string> | null = null;
  const read = (key: Buffer): Buffer | undefined => {
    try {
      return level.getSync(key);
    } catch (error) {
      throw levelError(level.location, error);
    }
  };
  const pages = (
    prefix: Buffer,
    options: RangeOptions,
    changes: Change[][],
  ): AsyncIterable<readonly Entry[]> => {
    const extra = changes.reduce((sum, one) => sum + one.length, 0);
    const base = withoutPrefix(readPages(level, rawRange(prefix, options, extra)), prefix.length);
    return changes.reduce<AsyncIterable<readonly Entry[]>>(
      (below, one, index) =>
        layChanges(
          below,
          one,
          index === changes.length - 1 ? options : { ...options, limit: Number.POSITIVE_INFINITY },
        ),
      base,
    );
  };
  return {
    header(database, key) {
      for (let at = pending.length - 1; at >= 0; at -= 1) {
        const header = pending[at]?.find(database, key)?.header;
        if (header !== undefined) return header ?? undefined;
      }
      const cached = cache.get(database, key);
      if (cached !== undefined) return cached ?? undefined;
      const header = read(headerKey(database, key));
      cache.set(database, byteId(key), header ?? null);
      return header;
    },
    element(database, key, element) {
      for (let at = pending.length - 1; at >= 0; at -= 1) {
        const change = pending[at]?.find(database, key)?.elements?.get(byteId(element));
        if (change !== undefined) return change.value ?? undefined;
      }
      return read(elementKey(database, key, element));
    },
    elements(database, key, options = {}) {
      const changes = pending
        .map((one) => one.elements(database, key, options))
        .filter((one) => one.length > 0);
      return pages(elementPrefix(database, key), options, changes);
    },
    headers(database, options = {}) {
      const changes = pending.map((one) => one.headers(database, options)).filter((one) => one.length > 0);
      return pages(headerPrefix(database), options, changes);
    },
    databases: () => listDatabases(level, pending),
    mayHaveElements: (database) =>
      withElements === null || (withElements.size > 0 && withElements.has(byteId(database))),
    async learn() {
      withElements = await databasesWithin(level, ELEMENTS, elementsPrefix);
    },
    publish(changes) {
      for (const id of changes.withElements) withElements?.add(id);
      pending.push(changes);
      for (const { database, keys } of changes.databases.values()) {
        for (const [id, { header }] of keys) if (header !== undefined) cache.set(database, id, header);
      }
    },
    settle(changes) {
      const at = pending.indexOf(changes);
      if (at >= 0) pending.splice(at, 1);
    },
  };
}

/** The databases, as Latin-1 text, that have keys within a range of headers or elements. */
async function databasesWithin(
  level: Level,
  [first, end]: typeof HEADERS,
  prefixOf: (database: Buffer) => Buffer,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let from = first; ; ) {
    let next: Buffer | undefined;
    for await (const [entry] of readPages(level, { gte: from, lt: end, limit: 1 })) next = entry?.[0];
    if (next === undefined) return found;
    const database = databaseOfKey(next);
    found.add(database.toString("latin1"));
    from = prefixEnd(prefixOf(database));
  }
}

async function listDatabases(level: Level, pending: readonly ChangeSet[]): Promise<Buffer[]> {
  const found = await databasesWithin(level, HEADERS, headerPrefix);
  for (const { databases } of pending) {
    for (const [id, { keys }] of databases)
      if ([...keys.values()].some(({ header }) => header)) found.add(id);
  }
  found.delete("");
  return [...found].map((id) => Buffer.from(id, "latin1")).sort(Buffer.compare);
}
