/** What a node refers to, with what a copy needs to know of it: how much is below, and what it takes the place of. */
import {
  decodeDirectoryInner,
  decodeDirectoryLeaf,
  decodeListInner,
  decodeListLeaf,
  decodeMeta,
  type HashAlgorithm,
  hashLength,
  nodeType,
} from "@datadb/protocol";

export interface Child {
  kind: "data" | "node";
  name: Buffer;
  /** Content bytes below it. */
  bytes: number;
  /** The name of its entry, in directories: it tells which child of another version it corresponds to. */
  entry?: string;
}

export interface Children {
  /** In order, duplicates included. */
  all: Child[];
  /** Content bytes that need no blob: holes. */
  holes: number;
}

/** How many levels of nodes are below a node of a list or directory: leaves are 0. The level of a meta is above all. */
export function nodeLevel(node: Buffer, hash: HashAlgorithm): number {
  const n = hashLength(hash);
  switch (nodeType(node)) {
    case "list-inner":
      return decodeListInner(node, n).level;
    case "directory-inner":
      return decodeDirectoryInner(node, n).level;
    case "meta":
      return Number.POSITIVE_INFINITY;
    default:
      return 0;
  }
}

/** The children of a node of a backup. Throws DECODE, FORMAT_TOO_NEW; a node that no backup consists of has none. */
function nodeChildren(node: Buffer, hash: HashAlgorithm): Children {
  const n = hashLength(hash);
  switch (nodeType(node)) {
    case "list-leaf":
      return listChildren(node, n);
    case "list-inner":
      return { all: decodeListInner(node, n).children.map(asNode), holes: 0 };
    case "directory-leaf":
      return { all: decodeDirectoryLeaf(node).flatMap(metaChildren), holes: 0 };
    case "directory-inner":
      return { all: decodeDirectoryInner(node, n).children.map(asNode), holes: 0 };
    case "meta":
      return { all: metaChildren(node), holes: 0 };
    default:
      return { all: [], holes: 0 };
  }
}

function asNode({ name, bytes }: { name: Buffer; bytes: number }): Child {
  return { kind: "node", name, bytes };
}

function listChildren(node: Buffer, n: 20 | 32): Children {
  const all: Child[] = [];
  let holes = 0;
  for (const { name, length } of decodeListLeaf(node, n)) {
    if (name === null) holes += length;
    else all.push({ kind: "data", name, bytes: length });
  }
  return { all, holes };
}

function metaChildren(encoded: Buffer): Child[] {
  const { name, chunk, list, directory, size: bytes } = decodeMeta(encoded);
  const entry = name.toString("latin1");
  const found: Child[] = [];
  if (chunk) found.push({ kind: "data", name: chunk, bytes, entry });
  if (list) found.push({ kind: "node", name: list, bytes, entry });
  if (directory) found.push({ kind: "node", name: directory, bytes, entry });
  return found;
}

/** The children of nodes in a row, as of one. */
export function childrenOfAll(nodes: readonly Buffer[], hash: HashAlgorithm): Children {
  const parts = nodes.map((node) => nodeChildren(node, hash));
  return {
    all: parts.flatMap(({ all }) => all),
    holes: parts.reduce((sum, { holes }) => sum + holes, 0),
  };
}
