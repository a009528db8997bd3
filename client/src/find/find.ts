/** Searches backups for entries by name or path. */
import { type FetchNodes, type HashAlgorithm, type Meta, readDirectory } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Backup } from "../list/backup.ts";
import { findEntry } from "../tree/find-entry.ts";
import { nodeCache } from "../tree/node-cache.ts";
import { type Glob, parseGlob } from "./glob.ts";

export interface FindOptions {
  ignoreCase?: boolean;
  /** Only entries of this type. */
  type?: Meta["type"];
  signal?: AbortSignal;
}

export interface FindMatch {
  backup: Backup;
  /** Path inside the backup; bytes, as names need not be UTF-8. */
  path: Buffer;
  meta: Meta;
}

/** Matches below a directory that are remembered, so that the next backup with the same directory is not searched. */
const REMEMBERED = 50_000;

/**
 * Streams the matches, backup by backup in the order given. A pattern without `/` is compared with base names, one
 * with `/` with paths inside the backup.
 *
 * @throws UsageError for a bad pattern.
 * @example
 * for await (const { backup, path } of find(connection, await listBackups(connection), "*.key")) {
 *   console.log(backup.time, path.toString());
 * }
 */
export async function* find(
  connection: Connection,
  backups: Iterable<Backup>,
  pattern: string,
  options: FindOptions = {},
): AsyncGenerator<FindMatch> {
  const { hash } = await connection.facts();
  const nodes = nodeCache(connection, hash);
  const search: Search = {
    glob: parseGlob(pattern, options.ignoreCase),
    options,
    fetch: nodes.fetch,
    hash,
    known: new Map(),
  };
  for (const backup of backups) {
    const root = await findEntry(nodes.fetch, hash, backup.ref);
    if (root.type !== "directory") {
      if (matches(search, root, root.name)) yield { backup, path: root.name, meta: root };
      continue;
    }
    const empty = Buffer.alloc(0);
    for await (const { path, meta } of below(search, root.directory ?? null, empty))
      yield { backup, path, meta };
  }
}

interface Found {
  path: Buffer;
  meta: Meta;
}

interface Search {
  glob: Glob;
  options: FindOptions;
  fetch: FetchNodes;
  hash: HashAlgorithm;
  /** By directory: paths relative to it. Base-name patterns only: there a directory's matches do not depend on its place. */
  known: Map<string, Found[]>;
}

async function* below(search: Search, directory: Buffer | null, prefix: Buffer): AsyncGenerator<Found> {
  search.options.signal?.throwIfAborted();
  const key = directory?.toString("latin1") ?? "";
  const known = search.known.get(key);
  if (known !== undefined) {
    for (const { path, meta } of known) yield { path: join(prefix, path), meta };
    return;
  }
  const found: Found[] | null = search.glob.ofPath ? null : [];
  for await (const meta of readDirectory(search.fetch, search.hash, directory)) {
    const path = join(prefix, meta.name);
    if (matches(search, meta, path)) {
      found?.push({ path: meta.name, meta });
      yield { path, meta };
    }
    if (meta.type !== "directory") continue;
    for await (const inner of below(search, meta.directory ?? null, path)) {
      found?.push({
        path: inner.path.subarray(prefix.length === 0 ? 0 : prefix.length + 1),
        meta: inner.meta,
      });
      yield inner;
    }
  }
  if (found !== null && search.known.size + found.length < REMEMBERED) search.known.set(key, found);
}

function matches({ glob, options }: Search, meta: Meta, path: Buffer): boolean {
  if (options.type !== undefined && meta.type !== options.type) return false;
  return glob.test((glob.ofPath ? path : meta.name).toString());
}

function join(prefix: Buffer, name: Buffer): Buffer {
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]);
}
