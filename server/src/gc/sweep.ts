/** Removes what is not needed from the index: what needs others before what they need. */
import type { Backend } from "@datadb/backends";
import { type HashAlgorithm, hashLength, recordSize } from "@datadb/protocol";
import type { ContentCache } from "../blobs/content-cache.ts";
import type { FrozenIndex, RecordFacts } from "../blobs/name-index.ts";
import type { BlobKind } from "../database.ts";
import type { GcCycle } from "./gc-cycle.ts";
import type { Protection } from "./protection.ts";

/** Names that are removed while nobody else is inside: some ten milliseconds. */
const BATCH_NAMES = 1024;

export interface SweepSource {
  readonly backend: Backend;
  readonly hash: HashAlgorithm;
  readonly index: FrozenIndex;
  readonly protection: Protection;
  readonly nodes: ContentCache;
}

/** What was removed, or would be. Bytes are those of records. */
export interface Swept {
  blobs: number;
  bytes: number;
  /** Records that were looked at. */
  seen: number;
}

/** Bytes that a record takes. */
function sizeOf({ base, payloadLength }: RecordFacts, hash: HashAlgorithm): number {
  return recordSize({ base, payloadLength }, hashLength(hash));
}

/** What is garbage among the records of a kind. */
export async function countGarbage(
  cycle: GcCycle,
  kind: BlobKind,
  index: FrozenIndex,
  hash: HashAlgorithm,
  swept: Swept,
): Promise<void> {
  for await (const page of index.records(kind)) {
    for (const facts of page) {
      if (cycle.tables[kind].marked(facts.name)) continue;
      swept.blobs += 1;
      swept.bytes += sizeOf(facts, hash);
    }
  }
}

/**
 * Removes all of a kind that nobody needs and `wanted` takes. What is revived meanwhile stays. May be repeated after an error. A signal
 * ends it between two batches.
 */
export async function sweepKind(
  cycle: GcCycle,
  kind: BlobKind,
  source: SweepSource,
  swept: Swept,
  wanted: (facts: RecordFacts) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { backend, hash, index, protection, nodes } = source;
  const table = cycle.tables[kind];
  let batch: { name: Buffer; size: number }[] = [];
  const remove = async (): Promise<void> => {
    signal?.throwIfAborted();
    await protection.alone(async () => {
      const gone = batch.filter(({ name }) => !table.marked(name));
      const names = gone.map(({ name }) => name);
      if (kind === "node") for (const name of names) nodes.delete(name);
      if (names.length > 0) await backend.removeMany(kind, names);
      swept.blobs += gone.length;
      for (const { size } of gone) swept.bytes += size;
    });
    batch = [];
  };
  for await (const page of index.records(kind)) {
    swept.seen += page.length;
    for (const facts of page) {
      if (table.marked(facts.name) || !wanted(facts)) continue;
      batch.push({ name: facts.name, size: sizeOf(facts, hash) });
      if (batch.length >= BATCH_NAMES) await remove();
    }
  }
  if (batch.length > 0) await remove();
}
