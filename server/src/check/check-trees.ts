/** Every backup's tree: each node is read and verified, each chunk is there. */
import { DatadbError, hashLength, references } from "@datadb/protocol";
import { decodeChain, readRecords } from "../blobs/read-contents.ts";
import type { BlobKind } from "../database.ts";
import { cacheOf, listBackups } from "../stats/list-backups.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";
import { cacheIsGone, goneCachesNote } from "./gone-caches.ts";
import { verifyOne } from "./verify-one.ts";

/** Nodes that are read at once. */
const BATCH_NODES = 256;

interface Walk {
  /** Latin-1 text of the names that were met. */
  readonly seen: Record<BlobKind, Set<string>>;
  readonly todo: Buffer[];
  data: Buffer[];
}

function meet(walk: Walk, kind: BlobKind, name: Buffer): void {
  const id = name.toString("latin1");
  if (walk.seen[kind].has(id)) return;
  walk.seen[kind].add(id);
  if (kind === "node") walk.todo.push(Buffer.from(name));
  else walk.data.push(Buffer.from(name));
}

async function* missing(state: CheckState, kind: BlobKind, names: readonly Buffer[]): CheckPart {
  if (names.length === 0) return;
  const there = await state.source.backend.hasMany(kind, names);
  for (const [at, name] of names.entries()) {
    if (there[at] === 0) yield* verifyOne(state, kind, name);
  }
}

async function* readNode(state: CheckState, walk: Walk, name: Buffer): CheckPart {
  const { backend, hash } = state.source;
  let content: Buffer;
  try {
    const [record] = await readRecords(backend, "node", [name]);
    if (!record) return yield* verifyOne(state, "node", name);
    content = await decodeChain(backend, hash, record);
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    return yield* verifyOne(state, "node", name);
  }
  state.nodes += 1;
  state.readBytes += content.length;
  try {
    for (const child of references(content, hashLength(hash))) meet(walk, child.kind, child.name);
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    const message = `node ${name.toString("hex")}: ${error.message}`;
    yield finding(state, { what: "node", kind: "node", message }, name);
  }
}

async function* readBatch(state: CheckState, walk: Walk, names: readonly Buffer[]): CheckPart {
  const { backend, hash } = state.source;
  try {
    const contents: Buffer[] = [];
    for (const record of await backend.getMany("node", names)) {
      if (!record) throw new TypeError("found one by one below");
      contents.push(await decodeChain(backend, hash, record));
    }
    for (const content of contents) {
      for (const child of references(content, hashLength(hash))) meet(walk, child.kind, child.name);
      state.readBytes += content.length;
    }
    state.nodes += names.length;
  } catch {
    // One bad node fails the batch: singly the others are saved.
    for (const name of names) yield* readNode(state, walk, name);
  }
}

/** Walks all trees; what several backups share is looked at once. */
export async function* checkTrees(state: CheckState): CheckPart {
  const { view, hash } = state.source;
  const walk: Walk = { seen: { data: new Set(), node: new Set() }, todo: [], data: [] };
  const withoutCache: string[] = [];
  for await (const backup of listBackups(view, hash)) {
    state.backups += 1;
    if (backup.ref === null)
      yield finding(state, { what: "missing", message: `backup ${backup.id} has no root` });
    else meet(walk, "node", backup.ref);
    const cache = cacheOf(backup, hash);
    if (cache !== null && (await cacheIsGone(state, cache))) withoutCache.push(backup.id);
    else if (cache !== null) meet(walk, cache.kind, cache.name);
    while (walk.todo.length > 0) {
      state.signal?.throwIfAborted();
      yield* readBatch(state, walk, walk.todo.splice(-BATCH_NODES));
      state.data += walk.data.length;
      yield* missing(state, "data", walk.data);
      walk.data = [];
    }
    yield* missing(state, "data", walk.data);
    walk.data = [];
    yield { type: "progress", phase: "trees", done: state.nodes, total: walk.seen.node.size };
  }
  if (withoutCache.length > 0) yield { type: "note", message: goneCachesNote(withoutCache) };
}
