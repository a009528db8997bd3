/** The entries that a directory had in the previous backup, for a scan to compare with. */

import type { HashAlgorithm } from "@datadb/protocol";
import { decodeDirectoryInner, decodeDirectoryLeaf, hashLength, metaName, nodeType } from "@datadb/protocol";

/** Fetches nodes by name, verified; null stands for one that is not there. */
export type FetchMany = (names: Buffer[]) => Promise<(Buffer | null)[]>;

/**
 * Canonical metas of several directories at once, each in name order; null for a directory whose nodes are not
 * all there: it is then scanned as if it were new. Asks once per level of the deepest tree.
 */
export async function previousMetas(
  roots: readonly (Buffer | undefined)[],
  fetch: FetchMany,
  hash: HashAlgorithm,
): Promise<(Buffer[] | null)[]> {
  const n = hashLength(hash);
  let wanted = roots.map((root) => (root === undefined ? [] : [root]));
  const nodes: (Buffer[] | null)[] = roots.map((root) => (root === undefined ? null : []));
  while (wanted.some((names) => names.length > 0)) {
    const found = await fetch(wanted.flat());
    let at = 0;
    wanted = wanted.map((names, i) => {
      const level = found.slice(at, at + names.length);
      at += names.length;
      if (names.length === 0 || nodes[i] === null) return [];
      if (level.includes(null)) {
        nodes[i] = null;
        return [];
      }
      const present = level as Buffer[];
      if (nodeType(present[0]!) !== "directory-inner") {
        nodes[i] = present;
        return [];
      }
      return present.flatMap((node) => decodeDirectoryInner(node, n).children.map(({ name }) => name));
    });
  }
  return nodes.map((leaves) => leaves?.flatMap((leaf) => decodeDirectoryLeaf(leaf)) ?? null);
}

/** Goes through previous metas beside a scan in name order. */
export class PreviousCursor {
  private readonly metas: readonly Buffer[];
  private at = 0;
  private name: string | null = null;

  constructor(metas: readonly Buffer[]) {
    this.metas = metas;
    this.read();
  }

  get count(): number {
    return this.metas.length;
  }

  private read(): void {
    const meta = this.metas[this.at];
    this.name = meta === undefined ? null : metaName(meta).toString("latin1");
  }

  /** The canonical meta of this name, or undefined. Names must come in order. */
  find(name: string): Buffer | undefined {
    while (this.name !== null && this.name < name) {
      this.at++;
      this.read();
    }
    return this.name === name ? this.metas[this.at] : undefined;
  }
}
