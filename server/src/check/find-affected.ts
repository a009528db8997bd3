/** Which backups, and which paths in them, need blobs that are bad. Runs only when there are some. */
import {
  decodeDirectoryLeaf,
  decodeMeta,
  hashLength,
  type Meta,
  nodeType,
  references,
} from "@datadb/protocol";
import { decodeChain } from "../blobs/read-contents.ts";
import type { BlobKind } from "../database.ts";
import { cacheOf, listBackups } from "../stats/list-backups.ts";
import type { CheckState } from "./check-source.ts";

/** Paths that are named for each backup. */
const MAX_PATHS = 10;

export interface Affected {
  readonly backup: string;
  readonly paths: string[];
}

interface Search {
  readonly state: CheckState;
  readonly seen: Set<string>;
  /** Paths by bad blob, as kind and Latin-1 name. */
  readonly found: Map<string, Set<string>>;
}

function note(search: Search, kind: BlobKind, name: Buffer, path: string): boolean {
  const id = name.toString("latin1");
  if (!search.state.bad[kind].has(id)) return false;
  const key = kind + id;
  const paths = search.found.get(key) ?? new Set();
  if (paths.size < MAX_PATHS) paths.add(path === "" ? "/" : path);
  search.found.set(key, paths);
  return true;
}

async function searchMeta(search: Search, meta: Meta, path: string): Promise<void> {
  if (meta.chunk) note(search, "data", meta.chunk, path);
  if (meta.list) await searchNode(search, meta.list, path);
  if (meta.directory) await searchNode(search, meta.directory, path);
}

async function searchNode(search: Search, name: Buffer, path: string): Promise<void> {
  if (note(search, "node", name, path)) return;
  // The same node under two paths: one path is enough to find the other.
  const id = name.toString("latin1");
  if (search.seen.has(id)) return;
  search.seen.add(id);
  search.state.signal?.throwIfAborted();
  const { backend, hash } = search.state.source;
  const [record] = await backend.getMany("node", [name]);
  if (!record) return;
  const content = await decodeChain(backend, hash, record);
  const type = nodeType(content);
  if (type === "meta") {
    await searchMeta(search, decodeMeta(content), path);
  } else if (type === "directory-leaf") {
    for (const encoded of decodeDirectoryLeaf(content)) {
      const meta = decodeMeta(encoded);
      await searchMeta(search, meta, `${path}/${meta.name.toString()}`);
    }
  } else {
    for (const child of references(content, hashLength(hash))) {
      if (child.kind === "data") note(search, "data", child.name, path);
      else await searchNode(search, child.name, path);
    }
  }
}

/** Affected backups and paths by bad blob: the key is the kind followed by the name as Latin-1 text. */
export async function findAffected(state: CheckState): Promise<Map<string, Affected[]>> {
  const affected = new Map<string, Affected[]>();
  if (state.bad.data.size + state.bad.node.size === 0) return affected;
  const { view, hash } = state.source;
  for await (const backup of listBackups(view, hash)) {
    const search: Search = { state, seen: new Set(), found: new Map() };
    if (backup.ref !== null) await searchNode(search, backup.ref, "");
    const cache = cacheOf(backup, hash);
    if (cache?.kind === "data") note(search, "data", cache.name, "(scan cache)");
    if (cache?.kind === "node") await searchNode(search, cache.name, "(scan cache)");
    for (const [key, paths] of search.found) {
      const list = affected.get(key) ?? [];
      list.push({ backup: backup.id, paths: [...paths] });
      affected.set(key, list);
    }
  }
  return affected;
}
