/** The two bytes that begin every node: type and version. */
import { ByteReader } from "../byte-reader.ts";
import type { ByteWriter } from "../byte-writer.ts";
import { DecodeError, FormatTooNewError } from "../errors.ts";

export type NodeType =
  | "list-leaf"
  | "list-inner"
  | "directory-leaf"
  | "directory-inner"
  | "meta"
  | "checkpoint-leaf"
  | "checkpoint-inner";

/** Permanent. */
export const NODE_TYPE: Readonly<Record<NodeType, number>> = {
  "list-leaf": 1,
  "list-inner": 2,
  "directory-leaf": 3,
  "directory-inner": 4,
  meta: 5,
  "checkpoint-leaf": 6,
  "checkpoint-inner": 7,
};

/** Permanent. */
export const NODE_VERSION = 1;

const TYPES = Object.keys(NODE_TYPE) as NodeType[];

/** The type of a node. Throws DECODE when it is none, FORMAT_TOO_NEW for a type or version it does not know. */
export function nodeType(node: Buffer): NodeType {
  if (node.length < 2) throw new DecodeError("a node has at least 2 bytes");
  const type = TYPES[(node[0] as number) - 1];
  if (type !== undefined && node[1] === NODE_VERSION) return type;
  throw new FormatTooNewError(`a node has type ${node[0]} and version ${node[1]}`);
}

/** Begins a node in an empty writer. */
export function beginNode(writer: ByteWriter, type: NodeType): void {
  writer.u8(NODE_TYPE[type]);
  writer.u8(NODE_VERSION);
}

/** A reader behind the first two bytes of a node that must be of this type. Throws DECODE, FORMAT_TOO_NEW. */
export function openNode(node: Buffer, expected: NodeType): ByteReader {
  const found = nodeType(node);
  if (found !== expected) throw new DecodeError(`expected a ${expected} node, found a ${found} node`);
  return new ByteReader(node, 2);
}
