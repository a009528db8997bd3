/** The committed state: LevelDB, the groups that are on their way into it, and a cache of headers in front. */

import type { Entry, RangeOptions, View } from "../database.ts";
import { byteId } from "./byte-id.ts";
import { type Change, type ChangeSet, layChanges } from "./change-set.ts";
import { HeaderCache } from "./header-cache.ts";
import { type Level, levelError } from "./open-level.ts";
import {
  databaseOfHeaderKey,
  elementKey,
  elementPrefix,
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
  /** The changes are in LevelDB. */
  settle(changes: ChangeSet): void;
}

/** Pages of raw entries in a range. Throws DAMAGED. */
export async function* readPages(
  level: Level,
  range: { gte: Buffer; lt: Buffer; reverse?: boolean; limit?: number },
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
    publish(changes) {
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

async function listDatabases(level: Level, pending: readonly ChangeSet[]): Promise<Buffer[]> {
  const found = new Map<string, Buffer>();
  for (const changes of pending) {
    for (const { database, keys } of changes.databases.values()) {
      if ([...keys.values()].some(({ header }) => header)) found.set(database.toString("latin1"), database);
    }
  }
  let [from] = HEADERS;
  for (;;) {
    let next: Buffer | undefined;
    for await (const [entry] of readPages(level, { gte: from, lt: HEADERS[1], limit: 1 })) next = entry?.[0];
    if (next === undefined) break;
    const database = databaseOfHeaderKey(next);
    found.set(database.toString("latin1"), Buffer.from(database));
    from = prefixEnd(headerPrefix(database));
  }
  return [...found.values()].filter((database) => database.length > 0).sort(Buffer.compare);
}
