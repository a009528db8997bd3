/** Nodes of a checkpoint: keys and values of the keyspace in key order. Types 6 (leaf) and 7 (inner). */
import { ByteWriter } from "../byte-writer.ts";
import { DecodeError } from "../errors.ts";
import { beginNode, openNode } from "./node-type.ts";
import { readLevel } from "./read-level.ts";

/** A key and its value. */
export type CheckpointEntry = readonly [key: Buffer, value: Buffer];

/** A node below an inner node. */
export interface CheckpointChild {
  name: Buffer;
  /** Entries below it, at any depth. */
  entries: number;
  firstKey: Buffer;
}

const writer: ByteWriter = new ByteWriter(16 * 1024);

/** Entries: `bytes` key, `bytes` value, already in key order. */
export function encodeCheckpointLeaf(entries: readonly CheckpointEntry[]): Buffer {
  writer.reset();
  beginNode(writer, "checkpoint-leaf");
  for (const [key, value] of entries) {
    writer.bytes(key);
    writer.bytes(value);
  }
  return writer.finish();
}

/** The entries, as views. Throws DECODE, FORMAT_TOO_NEW. */
export function decodeCheckpointLeaf(node: Buffer): CheckpointEntry[] {
  const reader = openNode(node, "checkpoint-leaf");
  const entries: CheckpointEntry[] = [];
  while (!reader.done) entries.push([reader.bytes(), reader.bytes()]);
  return entries;
}

/** Varint level; entries: name, varint entries below, `bytes` first key. */
export function encodeCheckpointInner(level: number, children: readonly CheckpointChild[]): Buffer {
  writer.reset();
  beginNode(writer, "checkpoint-inner");
  writer.varint(level);
  for (const { name, entries, firstKey } of children) {
    writer.raw(name);
    writer.varint(entries);
    writer.bytes(firstKey);
  }
  return writer.finish();
}

/** The children; buffers are views. Throws DECODE, FORMAT_TOO_NEW. */
export function decodeCheckpointInner(
  node: Buffer,
  n: number,
): { level: number; children: CheckpointChild[] } {
  const reader = openNode(node, "checkpoint-inner");
  const level = readLevel(reader);
  const children: CheckpointChild[] = [];
  while (!reader.done) {
    children.push({ name: reader.raw(n), entries: reader.varint(), firstKey: reader.bytes() });
  }
  if (children.length === 0) throw new DecodeError("an inner node has no children");
  return { level, children };
}
