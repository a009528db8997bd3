/** Builds the list of one stream from its chunks and holes. */
import type { HashAlgorithm } from "../hash.ts";
import { encodeListInner, encodeListLeaf, type ListChild, type ListEntry } from "../nodes/list-node.ts";
import { endsAfterName, LIST_MAXIMUM } from "./boundary.ts";
import { type EmitNode, TreeBuilder, type TreeShape } from "./tree-builder.ts";

/** Where a stream's content is: one chunk, a list, or (an empty stream) neither. */
export interface StreamRef {
  chunk?: Buffer;
  list?: Buffer;
}

/** Bytes of the varints in an entry, at most. */
const VARINTS_BYTES = 20;

const SHAPE: TreeShape<ListEntry, ListChild> = {
  maximum: LIST_MAXIMUM,
  encodeLeaf: encodeListLeaf,
  encodeInner: encodeListInner,
  endsLeaf: ({ name }) => name !== null && endsAfterName(name),
  endsInner: ({ name }) => endsAfterName(name),
  leafBytes: ({ name }) => (name?.length ?? 0) + VARINTS_BYTES,
  innerBytes: ({ name }) => name.length + VARINTS_BYTES,
  aboveLeaf: (name, entries) => ({ name, bytes: sum(entries, "length"), entries: entries.length }),
  aboveInner: (name, children) => ({
    name,
    bytes: sum(children, "bytes"),
    entries: sum(children, "entries"),
  }),
};

function sum<Key extends string>(items: readonly Record<Key, number>[], key: Key): number {
  let total = 0;
  for (const item of items) total += item[key];
  return total;
}

/** Takes chunks and holes in order. Empty entries are left out and neighbouring holes become one: the same stream has one list. */
export class ListBuilder {
  private readonly tree: TreeBuilder<ListEntry, ListChild>;
  private first: ListEntry | undefined;
  private hole = 0;
  private added = 0;
  private chunks = 0;
  private bytes = 0;

  constructor(algorithm: HashAlgorithm, emit: EmitNode) {
    this.tree = new TreeBuilder(algorithm, emit, SHAPE);
  }

  /** `entry.name` is kept until finish: it must not change. */
  add(entry: ListEntry): void {
    if (entry.length === 0) return;
    this.bytes += entry.length;
    if (entry.name === null) {
      this.hole += entry.length;
      return;
    }
    this.chunks += 1;
    this.addHole();
    this.append(entry);
  }

  private addHole(): void {
    if (this.hole > 0) this.append({ name: null, length: this.hole });
    this.hole = 0;
  }

  private append(entry: ListEntry): void {
    if (this.added === 0) this.first = entry;
    this.added += 1;
    this.tree.add(entry);
  }

  /** `bytes` of the stream, holes included; `chunks`: data blobs, duplicates counted. The builder is used up. */
  finish(): { ref: StreamRef; bytes: number; chunks: number } {
    this.addHole();
    const { bytes, chunks, first } = this;
    if (this.added === 1 && first?.name) return { ref: { chunk: first.name }, bytes, chunks };
    const root = this.tree.finish();
    return { ref: root === null ? {} : { list: root.name }, bytes, chunks };
  }
}
