/** Reads the leaves of a tree in order, in batches, a batch ahead: what the readers of all trees have in common. */
import { DamagedError, DecodeError } from "../errors.ts";

/** Fetches nodes: their verified contents in request order; throws when one is absent. */
export type FetchNodes = (names: readonly Buffer[]) => Promise<Buffer[]>;

/** A node to visit and what its parent says of it. */
export interface Visit<Context> {
  name: Buffer;
  context: Context;
}

/** How one kind of tree is walked. */
export interface TreeWalk<Context> {
  isLeaf(node: Buffer): boolean;
  /** The level of an inner node and the wanted ones of its children, in order. Throws DECODE. */
  open(node: Buffer, context: Context): { level: number; visits: Visit<Context>[] };
  /** For who waits for the first leaf, and may want no other: nodes that are fetched at first, and none ahead until another leaf is asked for; twice as many each time. */
  first?: number | undefined;
}

/** Nodes fetched at once, a batch ahead: enough to hide a round trip, little enough to hold. */
const BATCH_NODES = 32;

/** What reading a node threw, with the node's name. */
export function nameNode(name: Buffer, error: unknown): unknown {
  if (!(error instanceof DecodeError)) return error;
  const hex = name.toString("hex");
  return new DamagedError(`node ${hex} cannot be read: ${error.message}`, {
    cause: error,
    fields: { kind: "node", name: hex },
  });
}

/** The wanted leaves below `root`, in order. Throws DAMAGED naming the node, FORMAT_TOO_NEW, and what `fetch` throws. */
export async function* walkLeaves<Context>(
  fetch: FetchNodes,
  root: Visit<Context>,
  walk: TreeWalk<Context>,
): AsyncGenerator<{ node: Buffer; visit: Visit<Context> }> {
  const [node] = await fetch([root.name]);
  yield* below(fetch, root, node as Buffer, walk, undefined);
}

async function* below<Context>(
  fetch: FetchNodes,
  visit: Visit<Context>,
  node: Buffer,
  walk: TreeWalk<Context>,
  expected: number | undefined,
): AsyncGenerator<{ node: Buffer; visit: Visit<Context> }> {
  const opened = openAt(visit, node, walk, expected);
  if (opened === undefined) {
    yield { node, visit };
    return;
  }
  const { level, visits } = opened;
  let size = Math.min(walk.first ?? BATCH_NODES, BATCH_NODES);
  let ahead: Promise<Buffer[]> | undefined;
  for (let start = 0; start < visits.length; ) {
    const nodes = await (ahead ?? fetchBatch(fetch, visits, start, size));
    const next = start + size;
    size = Math.min(2 * size, BATCH_NODES);
    ahead = start === 0 && walk.first !== undefined ? undefined : fetchBatch(fetch, visits, next, size);
    for (const [index, child] of nodes.entries()) {
      yield* below(fetch, visits[start + index] as Visit<Context>, child, walk, level - 1);
    }
    start = next;
  }
}

/** Undefined for a leaf. Levels must descend one by one: so every walk ends. */
function openAt<Context>(
  visit: Visit<Context>,
  node: Buffer,
  walk: TreeWalk<Context>,
  expected: number | undefined,
): { level: number; visits: Visit<Context>[] } | undefined {
  try {
    if (walk.isLeaf(node)) {
      if (expected !== undefined && expected !== 0)
        throw new DecodeError(`a leaf where level ${expected} should be`);
      return undefined;
    }
    const opened = walk.open(node, visit.context);
    if (expected !== undefined && opened.level !== expected) {
      throw new DecodeError(`level ${opened.level} where level ${expected} should be`);
    }
    return opened;
  } catch (error) {
    throw nameNode(visit.name, error);
  }
}

function fetchBatch(
  fetch: FetchNodes,
  visits: readonly Visit<unknown>[],
  start: number,
  size: number,
): Promise<Buffer[]> {
  const batch = visits.slice(start, start + size);
  const fetched = batch.length === 0 ? Promise.resolve([]) : fetch(batch.map(({ name }) => name));
  // A reader may stop before this batch: its failure is then nobody's.
  fetched.catch(() => {});
  return fetched;
}
