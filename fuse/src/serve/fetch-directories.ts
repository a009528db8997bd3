/** Fetches whole directories, many together: a level of all their trees with one question to the store. */
import { type Connection, fetchContents } from "@datadb/client";
import {
  DamagedError,
  DecodeError,
  decodeDirectoryInner,
  decodeDirectoryLeaf,
  type HashAlgorithm,
  hashLength,
  nodeType,
} from "@datadb/protocol";

/** The canonical metas in order, why there are none, or null: it has more nodes than wanted. */
export type FetchedDirectory = Buffer[] | Error | null;

interface Walk {
  names: Buffer[];
  /** Level of the nodes; undefined before the root is known. */
  level: number | undefined;
  result: FetchedDirectory | undefined;
}

/** In the order of `roots`. `mostNodes`: directories with more nodes on a level are left out. Rejects when the store cannot be reached. */
export async function fetchDirectories(
  connection: Connection,
  hash: HashAlgorithm,
  roots: readonly Buffer[],
  mostNodes: number = Number.POSITIVE_INFINITY,
): Promise<FetchedDirectory[]> {
  const walks = roots.map((root): Walk => ({ names: [root], level: undefined, result: undefined }));
  for (;;) {
    const open = walks.filter(({ result }) => result === undefined);
    if (open.length === 0) return walks.map(({ result }) => result!);
    const names = open.flatMap((walk) => walk.names);
    const nodes = await fetchContents(connection, hash, "node", names);
    let at = 0;
    for (const walk of open) {
      const own = nodes.slice(at, at + walk.names.length);
      at += own.length;
      descend(walk, own, hashLength(hash), mostNodes);
    }
  }
}

/** Either the metas, or the next level's nodes. Levels descend one by one, so that every walk ends. */
function descend(walk: Walk, nodes: readonly (Buffer | Error)[], n: number, mostNodes: number): void {
  const metas: Buffer[] = [];
  const below: Buffer[] = [];
  let level = walk.level;
  for (const [index, node] of nodes.entries()) {
    if (node instanceof Error) {
      walk.result = node;
      return;
    }
    try {
      const leaf = nodeType(node) === "directory-leaf";
      const inner = leaf ? { level: 0, children: [] } : decodeDirectoryInner(node, n);
      level ??= inner.level;
      if (inner.level !== level) throw new DecodeError(`level ${inner.level} where level ${level} should be`);
      if (leaf) for (const meta of decodeDirectoryLeaf(node)) metas.push(meta);
      else for (const { name } of inner.children) below.push(name);
    } catch (error) {
      walk.result = damaged(walk.names[index]!, error as Error);
      return;
    }
  }
  if (level === 0) walk.result = metas;
  else if (below.length > mostNodes) walk.result = null;
  walk.names = below;
  walk.level = level! - 1;
}

function damaged(name: Buffer, cause: Error): Error {
  if (!(cause instanceof DecodeError)) return cause;
  return new DamagedError(`node ${name.toString("hex")} cannot be read: ${cause.message}`, { cause });
}
