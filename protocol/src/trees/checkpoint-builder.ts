/** Builds the tree of a checkpoint from the keys and values of the keyspace. */
import type { HashAlgorithm } from "../hash.ts";
import {
  type CheckpointChild,
  type CheckpointEntry,
  encodeCheckpointInner,
  encodeCheckpointLeaf,
} from "../nodes/checkpoint-node.ts";
import { endsAfterKey, KEYED_MAXIMUM } from "./boundary.ts";
import { type EmitNode, TreeBuilder, type TreeShape } from "./tree-builder.ts";

/** Bytes of the varints in an entry, at most. */
const VARINTS_BYTES = 20;

const SHAPE: TreeShape<CheckpointEntry, CheckpointChild> = {
  maximum: KEYED_MAXIMUM,
  encodeLeaf: encodeCheckpointLeaf,
  encodeInner: encodeCheckpointInner,
  endsLeaf: ([key]) => endsAfterKey(key, 0),
  endsInner: ({ firstKey }, level) => endsAfterKey(firstKey, level),
  leafBytes: ([key, value]) => key.length + value.length + VARINTS_BYTES,
  innerBytes: ({ name, firstKey }) => name.length + firstKey.length + VARINTS_BYTES,
  aboveLeaf: (name, entries) => ({
    name,
    entries: entries.length,
    firstKey: (entries[0] as CheckpointEntry)[0],
  }),
  aboveInner: (name, children) => ({
    name,
    entries: children.reduce((total, child) => total + child.entries, 0),
    firstKey: (children[0] as CheckpointChild).firstKey,
  }),
};

/** Takes keys in ascending order of their bytes. */
export class CheckpointBuilder {
  private readonly tree: TreeBuilder<CheckpointEntry, CheckpointChild>;
  private last: Buffer | undefined;

  constructor(algorithm: HashAlgorithm, emit: EmitNode) {
    this.tree = new TreeBuilder(algorithm, emit, SHAPE);
  }

  /** Both buffers are kept until finish. Throws TypeError when the key does not come after the previous one, RangeError when it cannot fit. */
  add(key: Buffer, value: Buffer): void {
    if (this.last !== undefined && Buffer.compare(this.last, key) >= 0) {
      throw new TypeError(`key ${key.toString("hex")} does not come after ${this.last.toString("hex")}`);
    }
    this.tree.add([key, value]);
    this.last = key;
  }

  /** The root, or null when there is no key. The builder is used up. */
  finish(): Buffer | null {
    return this.tree.finish()?.name ?? null;
  }
}
