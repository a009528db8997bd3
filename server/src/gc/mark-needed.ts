/** Follows what is marked to what it needs: children of nodes, bases of data. */
import type { Backend } from "@datadb/backends";
import {
  type BlobRecord,
  DamagedError,
  decodeChain,
  type HashAlgorithm,
  hashLength,
  isDamage,
  references,
} from "@datadb/protocol";
import { chainReader } from "../blobs/chain-reader.ts";
import type { FrozenIndex } from "../blobs/name-index.ts";
import type { GcCycle } from "./gc-cycle.ts";

/** Nodes that are read at once. */
const BATCH_NODES = 256;
const BATCH_DELTAS = 1024;

export interface MarkSource {
  readonly backend: Backend;
  readonly hash: HashAlgorithm;
  readonly index: Pick<FrozenIndex, "facts">;
  readonly signal?: AbortSignal | undefined;
  /** Told of every node that was followed. */
  onNode?(): void;
}

/** The names at the end of a queue, taken from it. */
function take(queue: string[], count: number): Buffer[] {
  return queue.splice(Math.max(0, queue.length - count)).map((name) => Buffer.from(name, "latin1"));
}

const ADVICE =
  "nothing was removed, since what the node refers to may still be saved: run datadb check, mend or remove the backups that it names";

/** What a damaged node refers to is not known: then nothing may be taken for garbage. */
function refusal(error: unknown): unknown {
  if (!isDamage(error)) return error;
  return new DamagedError(`garbage cannot be told from content: ${error.message}`, {
    cause: error,
    next: ADVICE,
  });
}

async function readNodes(backend: Backend, names: readonly Buffer[]): Promise<BlobRecord[]> {
  const records = await backend.getMany("node", names);
  return records.map((record, at) => {
    if (record !== null) return record;
    throw new DamagedError(`node ${names[at]?.toString("hex")} is missing`);
  });
}

function followNode(cycle: GcCycle, { hash }: MarkSource, chain: readonly BlobRecord[]): void {
  const content = decodeChain(hash, chain);
  for (const { kind, name } of references(content, hashLength(hash))) cycle.mark(kind, name);
}

/**
 * Ends when nothing is left to follow. `withBases`: what is needed as a base is needed as well; without, bases are left for `detachNodes` and
 * `detachData`: a node that only serves as a base would keep an old tree alive. Throws DAMAGED when a node that is needed cannot be read.
 */
export async function markNeeded(cycle: GcCycle, source: MarkSource, withBases: boolean): Promise<void> {
  try {
    await followAll(cycle, source, withBases);
  } catch (error) {
    throw refusal(error);
  }
}

async function followBases(
  cycle: GcCycle,
  { backend, index }: MarkSource,
  deltas: readonly Buffer[],
): Promise<void> {
  const infos = await backend.statMany("data", deltas);
  for (const [at, name] of deltas.entries()) {
    // What is known to be damaged counts as absent; a member of a mirror may have it whole, and then its base must be there.
    const { base } = infos[at] ?? index.facts("data", name) ?? { base: null };
    if (base !== null) cycle.mark("data", base);
  }
}

async function followAll(cycle: GcCycle, source: MarkSource, withBases: boolean): Promise<void> {
  const { backend, signal } = source;
  while (cycle.nodes.length + cycle.deltas.length > 0) {
    signal?.throwIfAborted();
    const records = await readNodes(backend, take(cycle.nodes, BATCH_NODES));
    const chainOf = await chainReader(backend, records);
    for (const record of records) {
      if (withBases && record.base !== null) cycle.mark("node", record.base);
      followNode(cycle, source, await chainOf(record));
      source.onNode?.();
    }
    const deltas = take(cycle.deltas, BATCH_DELTAS);
    if (!withBases) cycle.deltas.length = 0;
    else if (deltas.length > 0) await followBases(cycle, source, deltas);
  }
}
