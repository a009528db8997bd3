/** Which backups, and which paths and bytes in them, need blobs that are bad. Runs only when there are some. */
import {
  decodeDirectoryLeaf,
  decodeListInner,
  decodeListLeaf,
  decodeMeta,
  hashLength,
  type Meta,
  nodeType,
  references,
} from "@datadb/protocol";
import { decodeChain } from "../blobs/read-contents.ts";
import type { AffectedBackup, BlobKind } from "../database.ts";
import { cacheOf, listBackups } from "../stats/list-backups.ts";
import type { CheckState } from "./check-source.ts";
import { damagedRows, type RowCounts } from "./damaged-rows.ts";

/** Paths that are named for each backup. */
const MAX_PATHS = 10;

type Place = AffectedBackup["places"][number];

interface Search {
  readonly state: CheckState;
  readonly seen: Set<string>;
  /** Places by bad blob, as kind and Latin-1 name. */
  readonly found: Map<string, Place[]>;
  readonly counts: RowCounts;
}

/** What is below it is bad, too: there is nothing to look into. */
function note(search: Search, kind: BlobKind, name: Buffer, place: Place): boolean {
  const id = name.toString("latin1");
  if (!search.state.bad[kind].has(id)) return false;
  const key = kind + id;
  const places = search.found.get(key) ?? [];
  if (places.length < MAX_PATHS) places.push({ ...place, path: place.path === "" ? "/" : place.path });
  search.found.set(key, places);
  return true;
}

async function contentOf(search: Search, name: Buffer): Promise<Buffer | null> {
  search.state.signal?.throwIfAborted();
  const { backend, hash } = search.state.source;
  const [record] = await backend.getMany("node", [name]);
  return record ? decodeChain(backend, hash, record) : null;
}

/** The part of a file from `from` on. */
async function searchList(
  search: Search,
  name: Buffer,
  path: string,
  from: number,
  bytes: number,
): Promise<void> {
  if (note(search, "node", name, { path, from, to: from + bytes })) return;
  const content = await contentOf(search, name);
  if (content === null) return;
  const n = hashLength(search.state.source.hash);
  let at = from;
  if (nodeType(content) === "list-leaf") {
    for (const { name: chunk, length } of decodeListLeaf(content, n)) {
      if (chunk) note(search, "data", chunk, { path, from: at, to: at + length });
      at += length;
    }
    return;
  }
  for (const child of decodeListInner(content, n).children) {
    await searchList(search, child.name, path, at, child.bytes);
    at += child.bytes;
  }
}

async function searchMeta(search: Search, meta: Meta, path: string): Promise<void> {
  const { chunk, list, directory, size = 0 } = meta;
  if (chunk) note(search, "data", chunk, { path, from: 0, to: size });
  if (list) await searchList(search, list, path, 0, size);
  if (directory) await searchNode(search, directory, path);
  else if (meta.source !== undefined) await nameRows(search, meta, path);
}

/** Where content of a table is out of reach, its rows are named, too. */
async function nameRows(search: Search, meta: Meta, path: string): Promise<void> {
  const places = [...search.found.values()].flat().filter((place) => place.path === (path || "/"));
  const rows = places.length > 0 ? await damagedRows(search.state, meta, search.counts) : null;
  for (const place of places) Object.assign(place, rows?.get(place.from ?? 0));
}

/** A meta, or a node of a directory. */
async function searchNode(search: Search, name: Buffer, path: string): Promise<void> {
  if (note(search, "node", name, { path })) return;
  // The same directory under two paths: one path is enough to find the other.
  const id = name.toString("latin1");
  if (search.seen.has(id)) return;
  search.seen.add(id);
  const content = await contentOf(search, name);
  if (content === null) return;
  const type = nodeType(content);
  if (type === "meta") {
    await searchMeta(search, decodeMeta(content), path);
  } else if (type === "directory-leaf") {
    for (const encoded of decodeDirectoryLeaf(content)) {
      const meta = decodeMeta(encoded);
      await searchMeta(search, meta, `${path}/${meta.name.toString()}`);
    }
  } else {
    for (const child of references(content, hashLength(search.state.source.hash)))
      await searchNode(search, child.name, path);
  }
}

/** Affected backups and places by bad blob: the key is the kind followed by the name as Latin-1 text. */
export async function findAffected(state: CheckState): Promise<Map<string, AffectedBackup[]>> {
  const affected = new Map<string, AffectedBackup[]>();
  if (state.bad.data.size + state.bad.node.size === 0) return affected;
  const { view, hash } = state.source;
  const counts: RowCounts = new Map();
  for await (const backup of listBackups(view, hash)) {
    const search: Search = { state, seen: new Set(), found: new Map(), counts };
    if (backup.ref !== null) await searchNode(search, backup.ref, "");
    const cache = cacheOf(backup, hash);
    const path = "(scan cache)";
    if (cache?.kind === "data") note(search, "data", cache.name, { path });
    if (cache?.kind === "node") await searchList(search, cache.name, path, 0, 0);
    for (const [key, places] of search.found) {
      const list = affected.get(key) ?? [];
      list.push({ backup: backup.id, paths: [...new Set(places.map((place) => place.path))], places });
      affected.set(key, list);
    }
  }
  return affected;
}
