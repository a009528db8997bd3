/** Builds the nodes of one tree bottom up, in one pass: what lists, directories and checkpoints have in common. */
import { type HashAlgorithm, hashOf } from "../hash.ts";
import { MAX_NODE_BYTES, MAX_NODE_ENTRY_BYTES, MAX_TREE_LEVELS } from "../limits.ts";

/** Takes a new node, children before parents. The same node may come more than once. */
export type EmitNode = (name: Buffer, content: Buffer) => void;

/** How one kind of tree writes its nodes and where they end. */
export interface TreeShape<Leaf, Child> {
  /** Most entries of a node. */
  maximum: number;
  encodeLeaf(entries: readonly Leaf[]): Buffer;
  encodeInner(level: number, children: readonly Child[]): Buffer;
  /** Whether a node ends after this entry. */
  endsLeaf(entry: Leaf): boolean;
  endsInner(child: Child, level: number): boolean;
  /** At most how many bytes the entry takes in its node. */
  leafBytes(entry: Leaf): number;
  innerBytes(child: Child): number;
  /** What the level above says of a node. */
  aboveLeaf(name: Buffer, entries: readonly Leaf[]): Child;
  aboveInner(name: Buffer, children: readonly Child[]): Child;
}

interface Level<Entry> {
  entries: Entry[];
  bytes: number;
  /** The node is complete; it is written when another entry comes, because a root needs no level above. */
  closed: boolean;
  written: number;
}

function emptyLevel<Entry>(): Level<Entry> {
  return { entries: [], bytes: 0, closed: false, written: 0 };
}

/** Feed entries in order with `add`; equal entries give equal nodes, however they are fed. */
export class TreeBuilder<Leaf, Child extends { name: Buffer }> {
  private readonly algorithm: HashAlgorithm;
  private readonly emit: EmitNode;
  private readonly shape: TreeShape<Leaf, Child>;
  private readonly leaves: Level<Leaf> = emptyLevel();
  /** Level 1 and up. */
  private readonly inner: Level<Child>[] = [];

  constructor(algorithm: HashAlgorithm, emit: EmitNode, shape: TreeShape<Leaf, Child>) {
    this.algorithm = algorithm;
    this.emit = emit;
    this.shape = shape;
  }

  /** Throws RangeError when the entry cannot fit a node. */
  add(entry: Leaf): void {
    const { leaves, shape } = this;
    const bytes = shape.leafBytes(entry);
    if (bytes > MAX_NODE_ENTRY_BYTES) throw new RangeError(`an entry of ${bytes} bytes does not fit a node`);
    if (mustCut(leaves, bytes)) this.writeLeaf();
    leaves.entries.push(entry);
    leaves.bytes += bytes;
    leaves.closed = leaves.entries.length >= shape.maximum || shape.endsLeaf(entry);
  }

  /** The root, or null when nothing was added. The builder is used up. */
  finish(): Child | null {
    if (this.leaves.entries.length > 0) this.writeLeaf();
    for (let level = 1; ; level++) {
      const state = this.inner[level - 1];
      if (state === undefined) return null;
      const [only] = state.entries;
      if (only !== undefined && state.entries.length === 1 && state.written === 0) return only;
      if (only !== undefined) this.writeInner(level, state);
    }
  }

  private writeLeaf(): void {
    const { leaves, shape } = this;
    const name = this.write(shape.encodeLeaf(leaves.entries));
    const child = shape.aboveLeaf(name, leaves.entries);
    clear(leaves);
    this.addChild(1, child);
  }

  private writeInner(level: number, state: Level<Child>): void {
    const { shape } = this;
    const name = this.write(shape.encodeInner(level, state.entries));
    const child = shape.aboveInner(name, state.entries);
    clear(state);
    this.addChild(level + 1, child);
  }

  private addChild(level: number, child: Child): void {
    if (level > MAX_TREE_LEVELS) throw new RangeError(`a tree has more than ${MAX_TREE_LEVELS} levels`);
    const { shape } = this;
    let state = this.inner[level - 1];
    if (state === undefined) {
      state = emptyLevel<Child>();
      this.inner[level - 1] = state;
    }
    const bytes = shape.innerBytes(child);
    if (mustCut(state, bytes)) this.writeInner(level, state);
    state.entries.push(child);
    state.bytes += bytes;
    state.closed = state.entries.length >= shape.maximum || shape.endsInner(child, level);
  }

  private write(content: Buffer): Buffer {
    const name = hashOf(this.algorithm, content);
    this.emit(name, content);
    return name;
  }
}

function mustCut(level: Level<unknown>, bytes: number): boolean {
  return level.closed || (level.entries.length > 0 && level.bytes + bytes > MAX_NODE_BYTES);
}

function clear(level: Level<unknown>): void {
  level.entries = [];
  level.bytes = 0;
  level.closed = false;
  level.written += 1;
}
