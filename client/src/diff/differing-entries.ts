/** Merges two directories by name, leaving out the leaf nodes that both have. */
import {
  decodeDirectoryInner,
  decodeDirectoryLeaf,
  decodeMeta,
  type FetchNodes,
  type HashAlgorithm,
  hashLength,
  type Meta,
  nodeType,
} from "@datadb/protocol";

/**
 * Pairs in name order: the entry of the first directory, of the second, null where one has none. Pairs that are
 * byte for byte the same are left out; leaves end at the same names in both, so equal ones hold equal entries.
 */
export async function* differingEntries(
  fetch: FetchNodes,
  hash: HashAlgorithm,
  left: Buffer | null,
  right: Buffer | null,
): AsyncGenerator<[Meta | null, Meta | null]> {
  const [lefts, rights] = await Promise.all([leaves(fetch, hash, left), leaves(fetch, hash, right)]);
  const inRight = new Set(rights.map(key));
  const common = new Set(lefts.map(key).filter((leaf) => inRight.has(leaf)));
  const a = entries(
    fetch,
    lefts.filter((leaf) => !common.has(key(leaf))),
  );
  const b = entries(
    fetch,
    rights.filter((leaf) => !common.has(key(leaf))),
  );
  let [one, other] = [await a.next(), await b.next()];
  while (!one.done || !other.done) {
    const order = one.done ? 1 : other.done ? -1 : Buffer.compare(one.value.meta.name, other.value.meta.name);
    if (order < 0) yield [one.value!.meta, null];
    else if (order > 0) yield [null, other.value!.meta];
    else if (!one.value!.encoded.equals(other.value!.encoded)) yield [one.value!.meta, other.value!.meta];
    if (order <= 0) one = await a.next();
    if (order >= 0) other = await b.next();
  }
}

const key = (name: Buffer): string => name.toString("latin1");

/** Names of the leaf nodes of a directory, in order. */
async function leaves(fetch: FetchNodes, hash: HashAlgorithm, root: Buffer | null): Promise<Buffer[]> {
  if (root === null) return [];
  const [content] = await fetch([root]);
  if (nodeType(content!) !== "directory-inner") return [root];
  const { level, children } = decodeDirectoryInner(content!, hashLength(hash));
  if (level === 1) return children.map(({ name }) => name);
  const below = await Promise.all(children.map(({ name }) => leaves(fetch, hash, name)));
  return below.flat();
}

async function* entries(
  fetch: FetchNodes,
  names: readonly Buffer[],
): AsyncGenerator<{ meta: Meta; encoded: Buffer }> {
  for (const name of names) {
    const [leaf] = await fetch([name]);
    for (const encoded of decodeDirectoryLeaf(leaf!)) yield { meta: decodeMeta(encoded), encoded };
  }
}
