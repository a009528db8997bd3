/** Keys of the LevelDB meta/: see docs/formats.md. */
import { ByteReader } from "@datadb/protocol";

/** First byte of a key's header. Permanent. */
const HEADER = 0x6b; // k
/** First byte of an element. Permanent. */
const ELEMENT = 0x65; // e

/** The key of the head. Permanent. */
export const HEAD_KEY: Buffer = Buffer.from("h");
/** First byte of the keys of transaction ids. Permanent. */
export const TRANSACTION_PREFIX: Buffer = Buffer.from("t");

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

function writeVarint(target: Buffer, value: number, at: number): number {
  let rest = value;
  let offset = at;
  while (rest > 0x7f) {
    target[offset++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  target[offset++] = rest;
  return offset;
}

/** `k` + `bytes` database + key. */
export function headerKey(database: Buffer, key: Buffer): Buffer {
  const out = Buffer.allocUnsafe(1 + varintBytes(database.length) + database.length + key.length);
  out[0] = HEADER;
  const at = writeVarint(out, database.length, 1);
  out.set(database, at);
  out.set(key, at + database.length);
  return out;
}

/** What all header keys of one database begin with. */
export function headerPrefix(database: Buffer): Buffer {
  return headerKey(database, Buffer.alloc(0));
}

/** `e` + `bytes` database + `bytes` key + element. */
export function elementKey(database: Buffer, key: Buffer, element: Buffer): Buffer {
  const names = varintBytes(database.length) + database.length + varintBytes(key.length) + key.length;
  const out = Buffer.allocUnsafe(1 + names + element.length);
  out[0] = ELEMENT;
  let at = writeVarint(out, database.length, 1);
  out.set(database, at);
  at = writeVarint(out, key.length, at + database.length);
  out.set(key, at);
  out.set(element, at + key.length);
  return out;
}

/** What the keys of all elements of one key begin with. */
export function elementPrefix(database: Buffer, key: Buffer): Buffer {
  return elementKey(database, key, Buffer.alloc(0));
}

/** The least byte string that is greater than everything that begins with `prefix`, which must not be all 0xff. */
export function prefixEnd(prefix: Buffer): Buffer {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end -= 1;
  if (end === 0) throw new TypeError("a prefix of 0xff bytes has no end");
  const out = Buffer.from(prefix.subarray(0, end));
  out[end - 1] = (out[end - 1] as number) + 1;
  return out;
}

/** The database of a header's or element's key. Throws DECODE. */
export function databaseOfKey(raw: Buffer): Buffer {
  const reader = new ByteReader(raw, 1);
  return reader.bytes();
}

/** What the keys of all elements in one database begin with. */
export function elementsPrefix(database: Buffer): Buffer {
  const prefix = headerPrefix(database);
  prefix[0] = ELEMENT;
  return prefix;
}

/** Everything that is a header. */
export const HEADERS: readonly [from: Buffer, to: Buffer] = [
  Buffer.from([HEADER]),
  Buffer.from([HEADER + 1]),
];

/** Everything that is an element. */
export const ELEMENTS: readonly [from: Buffer, to: Buffer] = [
  Buffer.from([ELEMENT]),
  Buffer.from([ELEMENT + 1]),
];
