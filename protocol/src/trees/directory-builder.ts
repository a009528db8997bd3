/** Builds the nodes of one directory from its metas. */
import type { HashAlgorithm } from "../hash.ts";
import { type DirectoryChild, encodeDirectoryInner, encodeDirectoryLeaf } from "../nodes/directory-node.ts";
import { endsAfterKey, KEYED_MAXIMUM } from "./boundary.ts";
import { type EmitNode, TreeBuilder, type TreeShape } from "./tree-builder.ts";

interface Entry {
  meta: Buffer;
  name: Buffer;
  entries: number;
  bytes: number;
}

/** Bytes of the varints in an entry, at most. */
const VARINTS_BYTES = 30;

const SHAPE: TreeShape<Entry, DirectoryChild> = {
  maximum: KEYED_MAXIMUM,
  encodeLeaf: (entries) => encodeDirectoryLeaf(entries.map(({ meta }) => meta)),
  encodeInner: encodeDirectoryInner,
  endsLeaf: ({ name }) => endsAfterKey(name, 0),
  endsInner: ({ firstName }, level) => endsAfterKey(firstName, level),
  leafBytes: ({ meta }) => meta.length + VARINTS_BYTES,
  innerBytes: ({ name, firstName }) => name.length + firstName.length + VARINTS_BYTES,
  aboveLeaf: (name, entries) => ({ name, ...totals(entries), firstName: (entries[0] as Entry).name }),
  aboveInner: (name, children) => ({
    name,
    ...totals(children),
    firstName: (children[0] as DirectoryChild).firstName,
  }),
};

function totals(items: readonly { entries: number; bytes: number }[]): { entries: number; bytes: number } {
  let entries = 0;
  let bytes = 0;
  for (const item of items) {
    entries += item.entries;
    bytes += item.bytes;
  }
  return { entries, bytes };
}

/** Takes metas in ascending order of their names' bytes. */
export class DirectoryBuilder {
  private readonly tree: TreeBuilder<Entry, DirectoryChild>;
  private last: Buffer | undefined;

  constructor(algorithm: HashAlgorithm, emit: EmitNode) {
    this.tree = new TreeBuilder(algorithm, emit, SHAPE);
  }

  /**
   * `meta`: canonical form, whose name is `name`; `entries` and `bytes` are what is at and below it, itself included. Both
   * buffers are kept until finish. Throws TypeError when the name does not come after the previous one, RangeError for a meta
   * above MAX_NODE_ENTRY_BYTES.
   */
  add(meta: Buffer, name: Buffer, entries: number, bytes: number): void {
    if (this.last !== undefined && Buffer.compare(this.last, name) >= 0) {
      throw new TypeError(`'${name.toString()}' does not come after '${this.last.toString()}'`);
    }
    this.tree.add({ meta, name, entries, bytes });
    this.last = name;
  }

  /** The root (null for an empty directory) and the sums of what was added. The builder is used up. */
  finish(): { directory: Buffer | null; entries: number; bytes: number } {
    const root = this.tree.finish();
    return { directory: root?.name ?? null, entries: root?.entries ?? 0, bytes: root?.bytes ?? 0 };
  }
}
