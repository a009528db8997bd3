/** Reads the metas of one directory in order of name, all of them or one. */
import { DecodeError } from "../errors.ts";
import { type HashAlgorithm, hashLength } from "../hash.ts";
import { decodeMeta, metaName } from "../nodes/decode-meta.ts";
import { type DirectoryChild, decodeDirectoryInner, decodeDirectoryLeaf } from "../nodes/directory-node.ts";
import type { Meta } from "../nodes/meta.ts";
import { nodeType } from "../nodes/node-type.ts";
import { type FetchNodes, nameNode, type TreeWalk, walkLeaves } from "./walk-leaves.ts";

/** Where a reader begins. */
export interface ReadDirectoryOptions {
  /** The first name wanted; it need not exist. */
  from?: Buffer;
}

/**
 * The canonical metas of a directory, as views, in order of name. `directory`: its root node, null when it is empty. Throws
 * DAMAGED when names are out of order or nodes do not parse, and what `fetch` throws.
 */
export async function* readEncodedMetas(
  fetch: FetchNodes,
  algorithm: HashAlgorithm,
  directory: Buffer | null | undefined,
  options: ReadDirectoryOptions = {},
): AsyncGenerator<Buffer> {
  for await (const { encoded } of entriesOf(fetch, algorithm, directory, options.from)) yield encoded;
}

/** As readEncodedMetas, decoded. */
export async function* readDirectory(
  fetch: FetchNodes,
  algorithm: HashAlgorithm,
  directory: Buffer | null | undefined,
  options: ReadDirectoryOptions = {},
): AsyncGenerator<Meta> {
  for await (const { encoded, leaf } of entriesOf(fetch, algorithm, directory, options.from)) {
    yield reading(leaf, () => decodeMeta(encoded));
  }
}

/** The meta with this name, or null. Fetches one node a level. Throws as readDirectory. */
export async function findInDirectory(
  fetch: FetchNodes,
  algorithm: HashAlgorithm,
  directory: Buffer | null | undefined,
  name: Buffer,
): Promise<Meta | null> {
  if (!directory) return null;
  const walk = directoryWalk(hashLength(algorithm), name);
  const onlyHolder: TreeWalk<null> = {
    isLeaf: walk.isLeaf,
    open(node, context) {
      const { level, visits } = walk.open(node, context);
      return { level, visits: visits.slice(0, 1) };
    },
  };
  for await (const { node, visit } of walkLeaves(fetch, { name: directory, context: null }, onlyHolder)) {
    return reading(visit.name, () => {
      const found = decodeDirectoryLeaf(node).find((encoded) => metaName(encoded).equals(name));
      return found === undefined ? null : decodeMeta(found);
    });
  }
  return null;
}

async function* entriesOf(
  fetch: FetchNodes,
  algorithm: HashAlgorithm,
  directory: Buffer | null | undefined,
  from: Buffer | undefined,
): AsyncGenerator<{ encoded: Buffer; leaf: Buffer }> {
  if (!directory) return;
  let last: Buffer | undefined;
  const walk = directoryWalk(hashLength(algorithm), from);
  for await (const { node, visit } of walkLeaves(fetch, { name: directory, context: null }, walk)) {
    for (const encoded of reading(visit.name, () => decodeDirectoryLeaf(node))) {
      const name = reading(visit.name, () => nameAfter(last, encoded));
      last = name;
      if (from === undefined || Buffer.compare(name, from) >= 0) yield { encoded, leaf: visit.name };
    }
  }
}

function nameAfter(last: Buffer | undefined, encoded: Buffer): Buffer {
  const name = metaName(encoded);
  if (last === undefined || Buffer.compare(last, name) < 0) return name;
  throw new DecodeError(`'${name.toString()}' comes after '${last.toString()}'`);
}

function directoryWalk(n: number, from: Buffer | undefined): TreeWalk<null> {
  return {
    isLeaf: (node) => nodeType(node) === "directory-leaf",
    open(node) {
      const { level, children } = decodeDirectoryInner(node, n);
      const wanted = children.slice(from === undefined ? 0 : firstWanted(children, from));
      return { level, visits: wanted.map(({ name }) => ({ name, context: null })) };
    },
  };
}

/** Index of the child that holds `from`, or would hold it. */
function firstWanted(children: readonly DirectoryChild[], from: Buffer): number {
  const after = children.findIndex(({ firstName }) => Buffer.compare(firstName, from) > 0);
  return Math.max(0, (after < 0 ? children.length : after) - 1);
}

/** Reads a node's bytes; errors name the node. */
function reading<Result>(node: Buffer, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw nameNode(node, error);
  }
}
