/** What a node refers to: for checks, for garbage collection, and for the rule that a node's children are stored first. */
import { DecodeError } from "../errors.ts";
import { decodeCheckpointInner, decodeCheckpointLeaf } from "./checkpoint-node.ts";
import { decodeMeta } from "./decode-meta.ts";
import { decodeDirectoryInner, decodeDirectoryLeaf } from "./directory-node.ts";
import { decodeListInner, decodeListLeaf } from "./list-node.ts";
import { nodeType } from "./node-type.ts";

/** A blob that a node needs. */
export interface Reference {
  kind: "data" | "node";
  name: Buffer;
}

/** The direct children of a node, in order, duplicates included; names (of n bytes) are views. Throws DECODE, FORMAT_TOO_NEW. */
export function references(node: Buffer, n: number): Reference[] {
  switch (nodeType(node)) {
    case "list-leaf":
      return decodeListLeaf(node, n).flatMap(({ name }) => (name ? [{ kind: "data" as const, name }] : []));
    case "list-inner":
      return decodeListInner(node, n).children.map(toNode);
    case "directory-leaf":
      return decodeDirectoryLeaf(node).flatMap((meta) => metaReferences(meta, n));
    case "directory-inner":
      return decodeDirectoryInner(node, n).children.map(toNode);
    case "meta":
      return metaReferences(node, n);
    case "checkpoint-leaf":
      decodeCheckpointLeaf(node);
      return [];
    case "checkpoint-inner":
      return decodeCheckpointInner(node, n).children.map(toNode);
  }
}

function toNode({ name }: { name: Buffer }): Reference {
  return { kind: "node", name };
}

function metaReferences(encoded: Buffer, n: number): Reference[] {
  const { chunk, list, directory } = decodeMeta(encoded);
  const found: Reference[] = [];
  if (chunk) found.push({ kind: "data", name: chunk });
  if (list) found.push({ kind: "node", name: list });
  if (directory) found.push({ kind: "node", name: directory });
  for (const { name } of found) {
    if (name.length !== n)
      throw new DecodeError(`a meta refers to a name of ${name.length} bytes instead of ${n}`);
  }
  return found;
}
