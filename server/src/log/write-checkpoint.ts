/** Writes the keyspace, as of one log record, as a tree of nodes. */
import { CheckpointBuilder, type HashAlgorithm, hashLength } from "@datadb/protocol";
import type { BlobStore } from "../database.ts";
import { type Level, levelError } from "../keyspace/open-level.ts";
import { HEAD_KEY } from "../keyspace/raw-key.ts";
import { decodeHead } from "./head.ts";

const PAGE_ENTRIES = 1000;

/** What a checkpoint holds. */
export interface WrittenCheckpoint {
  /** Of the state. */
  readonly sequence: number;
  /** Null for an empty keyspace. */
  readonly root: Buffer | null;
  /** Content of its nodes. */
  readonly bytes: number;
}

interface PendingNode {
  readonly name: Buffer;
  readonly content: Buffer;
}

/** Nodes that an earlier checkpoint has too are not put again. */
async function putNodes(blobs: BlobStore, nodes: readonly PendingNode[]): Promise<void> {
  const names = nodes.map(({ name }) => name);
  const there = await blobs.hasMany("node", names);
  await Promise.all(
    nodes.filter((_, at) => there[at] === 0).map(({ content }) => blobs.putContent("node", content)),
  );
}

/** From a LevelDB snapshot, so that commits go on meanwhile. Null when nothing was committed yet. */
export async function writeCheckpoint(
  level: Level,
  blobs: BlobStore,
  hash: HashAlgorithm,
): Promise<WrittenCheckpoint | null> {
  const snapshot = level.snapshot();
  const iterator = level.iterator({ snapshot });
  let pending: PendingNode[] = [];
  let bytes = 0;
  const builder = new CheckpointBuilder(hash, (name, content) => {
    bytes += content.length;
    pending.push({ name, content });
  });
  try {
    const head = await level.get(HEAD_KEY, { snapshot });
    if (head === undefined) return null;
    const { sequence } = decodeHead(head, hashLength(hash));
    for (
      let page = await iterator.nextv(PAGE_ENTRIES);
      page.length > 0;
      page = await iterator.nextv(PAGE_ENTRIES)
    ) {
      for (const [key, value] of page) if (!key.equals(HEAD_KEY)) builder.add(key, value);
      if (pending.length > 0) await putNodes(blobs, pending);
      pending = [];
    }
    const root = builder.finish();
    await putNodes(blobs, pending);
    return { sequence, root, bytes };
  } catch (error) {
    throw levelError(level.location, error);
  } finally {
    await iterator.close();
    await snapshot.close();
  }
}
