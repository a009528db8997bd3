/**
 * All entries of one directory of a backup, ready for the kernel, in shared memory: the thread that made it and the one
 * that answers from it see the same bytes.
 *
 * Header (24 bytes: entries, start of the metas, inode of the directory, inode that hard links are numbered below), then per
 * entry its attributes (88 bytes), then per entry and once more at the end 8 bytes: where its meta begins, where in the
 * meta its name begins, length of the name; then the canonical metas in order of name.
 */
import { decodeMeta, type Meta, metaName } from "@datadb/protocol";
import { writeAttributes } from "../kernel/attributes.ts";
import { ATTR_BYTES } from "../kernel/reply.ts";
import { type InodeNumber, inodeBelow } from "./inode-number.ts";

const HEADER = 24;
const INDEX_BYTES = 8;
const SLASH = 0x2f;

/** Entries of one directory that node ids have room for. */
export const MAX_ENTRIES: number = 2 ** 24;

export interface DirectoryTable {
  memory: SharedArrayBuffer;
  /** All of it. */
  bytes: Buffer;
  count: number;
  inode: InodeNumber;
  linkBase: InodeNumber;
}

/** A view of a table that another thread made. */
export function openTable(memory: SharedArrayBuffer): DirectoryTable {
  const bytes = Buffer.from(memory);
  const half = (at: number): number => bytes.readUInt32LE(at);
  return {
    memory,
    bytes,
    count: half(0),
    inode: { low: half(8), high: half(12) },
    linkBase: { low: half(16), high: half(20) },
  };
}

/** Names that no file system can show: whoever made them is hostile or not Unix. */
export function isShowable(name: Buffer): boolean {
  if (name.length === 0 || name.length > 255) return false;
  if (name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e))) return false;
  return !name.includes(SLASH) && !name.includes(0);
}

/** Makes a table of canonical metas in order of name, all of them showable and at most MAX_ENTRIES. Throws DECODE. */
export function buildTable(
  metas: readonly Buffer[],
  inode: InodeNumber,
  linkBase: InodeNumber,
): DirectoryTable {
  const count = metas.length;
  const metasAt = HEADER + count * ATTR_BYTES + (count + 1) * INDEX_BYTES;
  const memory = new SharedArrayBuffer(metas.reduce((sum, meta) => sum + meta.length, metasAt));
  const bytes = Buffer.from(memory);
  const words = new Uint32Array(memory, 0, (metasAt - INDEX_BYTES) >>> 2);
  const header = [count, metasAt, inode.low, inode.high, linkBase.low, linkBase.high];
  header.forEach((value, at) => void bytes.writeUInt32LE(value, at * 4));
  let at = metasAt;
  for (let i = 0; i < count; i++) {
    const encoded = metas[i]!;
    const index = HEADER + count * ATTR_BYTES + i * INDEX_BYTES;
    const name = metaName(encoded);
    bytes.writeUInt32LE(at, index);
    bytes.writeUInt16LE(name.byteOffset - encoded.byteOffset, index + 4);
    bytes.writeUInt16LE(name.length, index + 6);
    encoded.copy(bytes, at);
    const meta = decodeMeta(encoded);
    const own = meta.link === undefined || meta.type === "directory" ? undefined : meta.link;
    const number = own === undefined ? inodeBelow(inode, name) : inodeBelow(linkBase, own);
    writeAttributes(words, (HEADER + i * ATTR_BYTES) / 4, meta, number.low, number.high);
    at += encoded.length;
  }
  bytes.writeUInt32LE(at, HEADER + count * ATTR_BYTES + count * INDEX_BYTES);
  return { memory, bytes, count, inode, linkBase };
}

function indexAt(table: DirectoryTable, entry: number): number {
  return HEADER + table.count * ATTR_BYTES + entry * INDEX_BYTES;
}

/** The 88 bytes of attributes, as a view. */
export function attributesAt(table: DirectoryTable, entry: number): Buffer {
  const at = HEADER + entry * ATTR_BYTES;
  return table.bytes.subarray(at, at + ATTR_BYTES);
}

/** As a view. */
export function nameAt(table: DirectoryTable, entry: number): Buffer {
  const index = indexAt(table, entry);
  const at = table.bytes.readUInt32LE(index) + table.bytes.readUInt16LE(index + 4);
  return table.bytes.subarray(at, at + table.bytes.readUInt16LE(index + 6));
}

/** As a view. */
export function encodedMetaAt(table: DirectoryTable, entry: number): Buffer {
  const index = indexAt(table, entry);
  return table.bytes.subarray(table.bytes.readUInt32LE(index), table.bytes.readUInt32LE(index + INDEX_BYTES));
}

/** Buffers of the meta are views. */
export function metaAt(table: DirectoryTable, entry: number): Meta {
  return decodeMeta(encodedMetaAt(table, entry));
}

export function isDirectoryAt(table: DirectoryTable, entry: number): boolean {
  return table.bytes.readUInt32LE(HEADER + entry * ATTR_BYTES + 60) >>> 12 === 0o04;
}

export function inodeAt(table: DirectoryTable, entry: number): InodeNumber {
  const at = HEADER + entry * ATTR_BYTES;
  return { low: table.bytes.readUInt32LE(at), high: table.bytes.readUInt32LE(at + 4) };
}

/** Index of the entry with this name; -1 when there is none. */
export function findName(table: DirectoryTable, name: Buffer): number {
  let low = 0;
  let high = table.count - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const index = indexAt(table, middle);
    const at = table.bytes.readUInt32LE(index) + table.bytes.readUInt16LE(index + 4);
    const order = table.bytes.compare(name, 0, name.length, at, at + table.bytes.readUInt16LE(index + 6));
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
