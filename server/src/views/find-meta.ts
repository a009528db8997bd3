/** Finds a meta by its id: among those seen lately, else in the trees of all backups, newest first. */
import { decodeMeta, hashOf, readEncodedMetas } from "@datadb/protocol";
import { listBackupIds } from "../commands/store/backup-list.ts";
import { hashGet, RESERVED_DATABASE } from "../keyspace/index.ts";
import type { ServerState } from "../session/server-state.ts";
import { fetchNodes } from "./fetch-nodes.ts";

const REF = Buffer.from("ref");

/** Searches under way, so that several askers do not walk all trees at once, and what the last one did not find. */
interface Search {
  last: Promise<unknown>;
  sequence: number;
  absent: Set<string>;
}

const searches = new WeakMap<ServerState, Search>();
const MAX_ABSENT = 1000;

/** The canonical form, or undefined when no listed backup has such a meta. */
export function findMeta(server: ServerState, id: Buffer): Promise<Buffer | undefined> {
  const search = searches.get(server) ?? { last: Promise.resolve(), sequence: -1, absent: new Set() };
  searches.set(server, search);
  const found = search.last.then(() => look(server, search, id));
  search.last = found.catch(() => undefined);
  return found;
}

async function look(server: ServerState, search: Search, id: Buffer): Promise<Buffer | undefined> {
  const known = server.metas.get(id);
  if (known !== undefined) return known;
  const { sequence } = server.database.commits.head();
  if (sequence !== search.sequence || search.absent.size > MAX_ABSENT) search.absent.clear();
  search.sequence = sequence;
  const key = id.toString("latin1");
  if (search.absent.has(key)) return undefined;
  const found = await walkAll(server, id);
  if (found === undefined) search.absent.add(key);
  return found;
}

async function walkAll(server: ServerState, id: Buffer): Promise<Buffer | undefined> {
  const { database } = server;
  // Names that stand twice are walked once: backups of the same tree share nearly everything.
  const visited = new Set<string>();
  for (const { backup } of await listBackupIds(database.keyspace)) {
    const ref = hashGet(database.keyspace, RESERVED_DATABASE, backup, REF);
    const root =
      ref === null
        ? null
        : await database.blobs.getContent("node", Buffer.from(ref.toString("latin1"), "hex"));
    if (root === null) continue;
    const { directory } = decodeMeta(root);
    const found = directory === undefined ? undefined : await walkDirectory(server, directory, id, visited);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function walkDirectory(
  server: ServerState,
  top: Buffer,
  id: Buffer,
  visited: Set<string>,
): Promise<Buffer | undefined> {
  const { hash } = server.database.info;
  const pending = [top];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const key = directory.toString("latin1");
    if (visited.has(key)) continue;
    visited.add(key);
    for await (const encoded of readEncodedMetas(fetchNodes(server), hash, directory)) {
      const meta = hashOf(hash, encoded);
      server.metas.put(meta, encoded);
      if (meta.equals(id)) return Buffer.from(encoded);
      const below = decodeMeta(encoded).directory;
      if (below !== undefined) pending.push(Buffer.from(below));
    }
  }
  return undefined;
}
