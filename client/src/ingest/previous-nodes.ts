/** For the nodes of a list that is made anew: the nodes of its previous version that share a child, as bases of deltas. */
import { decodeListInner, decodeListLeaf, type HashAlgorithm, hashLength, nodeType } from "@datadb/protocol";
import type { FetchMany } from "../source/previous-metas.ts";

/** Nodes of the previous list that are looked at: about 10 MB here, and a file of 8 GB. Those of larger files are put whole. */
const MAX_NODES = 8192;

/** The base for a new node, to be asked children first; undefined when nothing is known. */
export type BaseOf = (name: Buffer, content: Buffer) => Buffer | undefined;

/** Reads the previous list, level by level. A list that is not all there is of no use, and no error. */
export async function previousNodes(fetch: FetchMany, hash: HashAlgorithm, root: Buffer): Promise<BaseOf> {
  const n = hashLength(hash);
  /** By the name of a chunk or node: the node that held it. */
  const parents = new Map<string, Buffer>();
  let seen = 0;
  for (let level = [root]; level.length > 0 && seen + level.length <= MAX_NODES; ) {
    seen += level.length;
    const contents = await fetch(level);
    const below: Buffer[] = [];
    for (const [i, content] of contents.entries()) {
      if (content === null) continue;
      const children = childNames(content, n);
      for (const child of children) parents.set(child.toString("latin1"), level[i]!);
      if (nodeType(content) === "list-inner") below.push(...children);
    }
    level = below;
  }
  return (name, content) => {
    for (const child of childNames(content, n)) {
      const base = parents.get(child.toString("latin1"));
      if (base === undefined) continue;
      // The new node takes the place of its base: a parent of one finds the parent of the other.
      const above = parents.get(base.toString("latin1"));
      if (above !== undefined) parents.set(name.toString("latin1"), above);
      return base.equals(name) ? undefined : base;
    }
    return undefined;
  };
}

function childNames(node: Buffer, n: 20 | 32): Buffer[] {
  if (nodeType(node) === "list-inner") return decodeListInner(node, n).children.map(({ name }) => name);
  return decodeListLeaf(node, n).flatMap(({ name }) => name ?? []);
}
