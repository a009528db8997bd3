/** Reads metas; only the canonical form is accepted, so that equal metas have equal ids. */
import { ByteReader } from "../byte-reader.ts";
import { DecodeError, FormatTooNewError } from "../errors.ts";
import { type HashAlgorithm, hashOf } from "../hash.ts";
import { encodeMeta } from "./encode-meta.ts";
import { ENTRY_TYPES, LAST_META_TAG, META_TAG, type Meta } from "./meta.ts";
import { openNode } from "./node-type.ts";

/** `H` of the canonical form. */
export function metaId(algorithm: HashAlgorithm, meta: Meta | Buffer): Buffer {
  return hashOf(algorithm, Buffer.isBuffer(meta) ? meta : encodeMeta(meta));
}

/** The name in an encoded meta, as a view, without reading the rest. Throws DECODE, FORMAT_TOO_NEW. */
export function metaName(encoded: Buffer): Buffer {
  const reader = openNode(encoded, "meta");
  if (reader.u8() !== META_TAG.name) throw new DecodeError("a meta begins with its name");
  return reader.bytes();
}

/** The meta; its buffers are views of `encoded`. Throws DECODE, FORMAT_TOO_NEW (also for a type of entry it does not know). */
export function decodeMeta(encoded: Buffer): Meta {
  const reader = openNode(encoded, "meta");
  if (reader.u8() !== META_TAG.name) throw new DecodeError("a meta begins with its name");
  const name = reader.bytes();
  if (reader.u8() !== META_TAG.type || reader.u8() !== 1) throw new DecodeError("a meta has no type");
  const typeByte = reader.u8();
  const type = ENTRY_TYPES[typeByte - 1];
  if (type === undefined) throw new FormatTooNewError(`'${name.toString()}' has entry type ${typeByte}`);
  const meta: Meta = { name, type, mode: 0, uid: 0, gid: 0, mtime: 0n, size: 0 };
  let last: number = META_TAG.type;
  while (!reader.done) {
    const tag = reader.u8();
    if (tag <= last) throw new DecodeError(`meta field ${tag} after field ${last}`);
    last = tag;
    readField(reader, tag, meta);
  }
  return meta;
}

function readField(reader: ByteReader, tag: number, meta: Meta): void {
  switch (tag) {
    case META_TAG.mode:
      meta.mode = readNumber(reader);
      break;
    case META_TAG.uid:
      meta.uid = readNumber(reader);
      break;
    case META_TAG.gid:
      meta.gid = readNumber(reader);
      break;
    case META_TAG.mtime:
      meta.mtime = readTime(reader);
      break;
    case META_TAG.size:
      meta.size = readNumber(reader);
      break;
    case META_TAG.entries:
      meta.entries = readNumber(reader);
      break;
    case META_TAG.chunk:
      meta.chunk = reader.bytes();
      break;
    case META_TAG.list:
      meta.list = reader.bytes();
      break;
    case META_TAG.directory:
      meta.directory = reader.bytes();
      break;
    default:
      readRareField(tag, reader.bytes(), meta);
  }
}

function readRareField(tag: number, value: Buffer, meta: Meta): void {
  switch (tag) {
    case META_TAG.target:
      meta.target = value;
      break;
    case META_TAG.device:
      meta.device = readDevice(value);
      break;
    case META_TAG.link:
      meta.link = value;
      break;
    case META_TAG.xattr:
      meta.xattrs = readXattrs(value);
      break;
    case META_TAG.user:
      meta.user = value.toString();
      break;
    case META_TAG.group:
      meta.group = value.toString();
      break;
    case META_TAG.source:
      meta.source = value.toString();
      break;
    default:
      if (tag > LAST_META_TAG) meta.unknown = [...(meta.unknown ?? []), { tag, value }];
  }
}

/** Checks that a field's value ends where its length said, and is not the default. */
function checkEnd(reader: ByteReader, end: number, isDefault: boolean): void {
  if (reader.offset !== end || isDefault)
    throw new DecodeError(`malformed number in a meta at offset ${end}`);
}

function readNumber(reader: ByteReader): number {
  const length = reader.u8();
  const end = reader.offset + length;
  const value = reader.varint();
  checkEnd(reader, end, value === 0);
  return value;
}

function readTime(reader: ByteReader): bigint {
  const length = reader.u8();
  const end = reader.offset + length;
  const value = reader.zigzag();
  checkEnd(reader, end, value === 0n);
  return value;
}

function readDevice(value: Buffer): { major: number; minor: number } {
  const reader = new ByteReader(value);
  const device = { major: reader.varint(), minor: reader.varint() };
  checkEnd(reader, value.length, false);
  return device;
}

function readXattrs(value: Buffer): { name: Buffer; value: Buffer }[] {
  const reader = new ByteReader(value);
  const count = reader.varint();
  const xattrs: { name: Buffer; value: Buffer }[] = [];
  for (let i = 0; i < count; i++) {
    const xattr = { name: reader.bytes(), value: reader.bytes() };
    const last = xattrs.at(-1);
    if (last && Buffer.compare(last.name, xattr.name) >= 0)
      throw new DecodeError("xattrs of a meta are out of order");
    xattrs.push(xattr);
  }
  checkEnd(reader, value.length, count === 0);
  return xattrs;
}
