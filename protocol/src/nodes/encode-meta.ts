/** Writes the canonical form of a meta: fields by ascending tag, defaults left out. */
import { ByteWriter } from "../byte-writer.ts";
import { ENTRY_TYPE_BYTE, LAST_META_TAG, META_TAG, type Meta } from "./meta.ts";
import { beginNode } from "./node-type.ts";

const writer: ByteWriter = new ByteWriter(1024);
const nested: ByteWriter = new ByteWriter(1024);

/**
 * The canonical form, which is also a node. Equal metas give equal bytes: xattrs are sorted here. Throws TypeError for unknown
 * fields out of order, RangeError for numbers out of range.
 */
export function encodeMeta(meta: Meta): Buffer {
  writer.reset();
  beginNode(writer, "meta");
  writeField(META_TAG.name, meta.name);
  writer.u8(META_TAG.type);
  writer.u8(1);
  writer.u8(ENTRY_TYPE_BYTE[meta.type]);
  writeNumber(META_TAG.mode, meta.mode);
  writeNumber(META_TAG.uid, meta.uid);
  writeNumber(META_TAG.gid, meta.gid);
  if (meta.mtime !== 0n) {
    writer.u8(META_TAG.mtime);
    writer.zigzagBytes(meta.mtime);
  }
  writeNumber(META_TAG.size, meta.size);
  if (meta.entries !== undefined) writeNumber(META_TAG.entries, meta.entries);
  if (meta.chunk !== undefined) writeField(META_TAG.chunk, meta.chunk);
  if (meta.list !== undefined) writeField(META_TAG.list, meta.list);
  if (meta.directory !== undefined) writeField(META_TAG.directory, meta.directory);
  if (meta.target !== undefined) writeField(META_TAG.target, meta.target);
  if (meta.device !== undefined) writeDevice(meta.device);
  if (meta.link !== undefined) writeField(META_TAG.link, meta.link);
  if (meta.xattrs !== undefined && meta.xattrs.length > 0) writeXattrs(meta.xattrs);
  if (meta.user !== undefined) writeField(META_TAG.user, meta.user);
  if (meta.group !== undefined) writeField(META_TAG.group, meta.group);
  if (meta.source !== undefined) writeField(META_TAG.source, meta.source);
  if (meta.unknown !== undefined) writeUnknown(meta.unknown);
  return writer.finish();
}

function writeField(tag: number, value: Buffer | string): void {
  writer.u8(tag);
  writer.bytes(value);
}

function writeNumber(tag: number, value: number): void {
  if (value === 0) return;
  writer.u8(tag);
  writer.varintBytes(value);
}

function writeDevice({ major, minor }: { major: number; minor: number }): void {
  nested.reset();
  nested.varint(major);
  nested.varint(minor);
  writeField(META_TAG.device, nested.finish());
}

function writeXattrs(xattrs: NonNullable<Meta["xattrs"]>): void {
  nested.reset();
  nested.varint(xattrs.length);
  for (const { name, value } of [...xattrs].sort((a, b) => Buffer.compare(a.name, b.name))) {
    nested.bytes(name);
    nested.bytes(value);
  }
  writeField(META_TAG.xattr, nested.finish());
}

function writeUnknown(unknown: NonNullable<Meta["unknown"]>): void {
  let last = LAST_META_TAG;
  for (const { tag, value } of unknown) {
    if (tag <= last || tag > 255) throw new TypeError(`unknown meta field ${tag} after ${last}`);
    last = tag;
    writeField(tag, value);
  }
}
