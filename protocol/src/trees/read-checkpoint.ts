/** Reads the keys and values of a checkpoint in order. */
import { DecodeError } from "../errors.ts";
import { type HashAlgorithm, hashLength } from "../hash.ts";
import {
  type CheckpointEntry,
  decodeCheckpointInner,
  decodeCheckpointLeaf,
} from "../nodes/checkpoint-node.ts";
import { nodeType } from "../nodes/node-type.ts";
import { type FetchNodes, nameNode, type TreeWalk, walkLeaves } from "./walk-leaves.ts";

/** All entries, as views, in key order; none for a null root. Throws DAMAGED, FORMAT_TOO_NEW, and what `fetch` throws. */
export async function* readCheckpoint(
  fetch: FetchNodes,
  algorithm: HashAlgorithm,
  root: Buffer | null,
): AsyncGenerator<CheckpointEntry> {
  if (root === null) return;
  const n = hashLength(algorithm);
  const walk: TreeWalk<null> = {
    isLeaf: (node) => nodeType(node) === "checkpoint-leaf",
    open(node) {
      const { level, children } = decodeCheckpointInner(node, n);
      return { level, visits: children.map(({ name }) => ({ name, context: null })) };
    },
  };
  let last: Buffer | undefined;
  for await (const { node, visit } of walkLeaves(fetch, { name: root, context: null }, walk)) {
    for (const entry of leafEntries(node, visit.name, last)) {
      yield entry;
      [last] = entry;
    }
  }
}

function leafEntries(node: Buffer, name: Buffer, before: Buffer | undefined): CheckpointEntry[] {
  try {
    const entries = decodeCheckpointLeaf(node);
    let last = before;
    for (const [key] of entries) {
      if (last !== undefined && Buffer.compare(last, key) >= 0)
        throw new DecodeError("its keys are out of order");
      last = key;
    }
    return entries;
  } catch (error) {
    throw nameNode(name, error);
  }
}
