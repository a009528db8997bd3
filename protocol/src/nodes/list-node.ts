/** Nodes of a list: the chunks and holes of one stream. Types 1 (leaf) and 2 (inner). */
import { ByteWriter } from "../byte-writer.ts";
import { DecodeError } from "../errors.ts";
import { beginNode, openNode } from "./node-type.ts";
import { readLevel } from "./read-level.ts";

/** A piece of a stream, in order. */
export interface ListEntry {
  /** The data blob; null for a hole, a run of zeros that was not stored. */
  name: Buffer | null;
  /** Bytes of the stream that it covers; for a hole at most 2^52-1. */
  length: number;
}

/** A node below an inner node. */
export interface ListChild {
  name: Buffer;
  /** Bytes of the stream below it. */
  bytes: number;
  /** Leaf entries below it. */
  entries: number;
}

const writer: ByteWriter = new ByteWriter(4096);

/** Entries: varint `length*2 + hole`, name unless hole. */
export function encodeListLeaf(entries: readonly ListEntry[]): Buffer {
  writer.reset();
  beginNode(writer, "list-leaf");
  for (const { name, length } of entries) {
    writer.varint(length * 2 + (name === null ? 1 : 0));
    if (name !== null) writer.raw(name);
  }
  return writer.finish();
}

/** The entries; names (of n bytes) are views. Throws DECODE, FORMAT_TOO_NEW. */
export function decodeListLeaf(node: Buffer, n: number): ListEntry[] {
  const reader = openNode(node, "list-leaf");
  const entries: ListEntry[] = [];
  while (!reader.done) {
    const field = reader.varint();
    const hole = field % 2 === 1;
    entries.push({ name: hole ? null : reader.raw(n), length: (field - (hole ? 1 : 0)) / 2 });
  }
  return entries;
}

/** Varint level (1 is above leaves); entries: name, varint bytes below, varint entries below. */
export function encodeListInner(level: number, children: readonly ListChild[]): Buffer {
  writer.reset();
  beginNode(writer, "list-inner");
  writer.varint(level);
  for (const { name, bytes, entries } of children) {
    writer.raw(name);
    writer.varint(bytes);
    writer.varint(entries);
  }
  return writer.finish();
}

/** The children; names are views. Throws DECODE, FORMAT_TOO_NEW. */
export function decodeListInner(node: Buffer, n: number): { level: number; children: ListChild[] } {
  const reader = openNode(node, "list-inner");
  const level = readLevel(reader);
  const children: ListChild[] = [];
  while (!reader.done) {
    children.push({ name: reader.raw(n), bytes: reader.varint(), entries: reader.varint() });
  }
  if (children.length === 0) throw new DecodeError("an inner node has no children");
  return { level, children };
}
