/** Nodes of a directory: metas in order of name. Types 3 (leaf) and 4 (inner). */
import { ByteWriter } from "../byte-writer.ts";
import { DecodeError } from "../errors.ts";
import { beginNode, openNode } from "./node-type.ts";
import { readLevel } from "./read-level.ts";

/** A node below an inner node. */
export interface DirectoryChild {
  name: Buffer;
  /** Entries below it, at any depth. */
  entries: number;
  /** Content bytes below it, at any depth. */
  bytes: number;
  /** Name of the first entry below it. */
  firstName: Buffer;
}

const writer: ByteWriter = new ByteWriter(16 * 1024);

/** Canonical metas, already in order of name. */
export function encodeDirectoryLeaf(metas: readonly Buffer[]): Buffer {
  writer.reset();
  beginNode(writer, "directory-leaf");
  for (const meta of metas) writer.bytes(meta);
  return writer.finish();
}

/** The metas, as views. Throws DECODE, FORMAT_TOO_NEW. */
export function decodeDirectoryLeaf(node: Buffer): Buffer[] {
  const reader = openNode(node, "directory-leaf");
  const metas: Buffer[] = [];
  while (!reader.done) metas.push(reader.bytes());
  return metas;
}

/** Varint level; entries: name, varint entries below, varint content bytes below, `bytes` first name. */
export function encodeDirectoryInner(level: number, children: readonly DirectoryChild[]): Buffer {
  writer.reset();
  beginNode(writer, "directory-inner");
  writer.varint(level);
  for (const { name, entries, bytes, firstName } of children) {
    writer.raw(name);
    writer.varint(entries);
    writer.varint(bytes);
    writer.bytes(firstName);
  }
  return writer.finish();
}

/** The children; buffers are views. Throws DECODE, FORMAT_TOO_NEW. */
export function decodeDirectoryInner(node: Buffer, n: number): { level: number; children: DirectoryChild[] } {
  const reader = openNode(node, "directory-inner");
  const level = readLevel(reader);
  const children: DirectoryChild[] = [];
  while (!reader.done) {
    const name = reader.raw(n);
    children.push({ name, entries: reader.varint(), bytes: reader.varint(), firstName: reader.bytes() });
  }
  if (children.length === 0) throw new DecodeError("an inner node has no children");
  return { level, children };
}
