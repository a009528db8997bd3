/** A small hash as one value: type, form, then `bytes` field and `bytes` value for each field, in byte order of the fields. */
import { ByteReader, ByteWriter } from "@datadb/protocol";
import type { Entry } from "../database.ts";
import { HASH_FORM, TYPE_BYTE } from "./header.ts";

/** A hash with more fields is spread over LevelDB keys: finding one in a packed hash is a scan. */
const MAX_PACKED_FIELDS = 128;
/** A hash with more bytes is spread: each change of a packed hash writes all of it. */
const MAX_PACKED_BYTES: number = 8 * 1024;

const START = 2;

/** The fields and values, as views of the header. */
export function packedEntries(header: Buffer): Entry[] {
  const reader = new ByteReader(header, START);
  const entries: Entry[] = [];
  while (!reader.done) entries.push([reader.bytes(), reader.bytes()]);
  return entries;
}

/** The number of fields. */
export function packedCount(header: Buffer): number {
  const reader = new ByteReader(header, START);
  let count = 0;
  for (; !reader.done; count += 1) {
    reader.raw(reader.varint());
    reader.raw(reader.varint());
  }
  return count;
}

/** The value of a field, as a view, or undefined. */
export function packedGet(header: Buffer, field: Buffer): Buffer | undefined {
  const reader = new ByteReader(header, START);
  while (!reader.done) {
    const length = reader.varint();
    const start = reader.offset;
    reader.raw(length);
    const value = reader.bytes();
    if (length === field.length && header.compare(field, 0, length, start, start + length) === 0)
      return value;
  }
  return undefined;
}

/** The header of a hash with these entries, sorted by field, or null when they are too many or too large. */
export function packHash(entries: readonly Entry[]): Buffer | null {
  if (entries.length > MAX_PACKED_FIELDS) return null;
  let bytes = START;
  for (const [field, value] of entries) bytes += field.length + value.length + 2;
  if (bytes > MAX_PACKED_BYTES) return null;
  const writer = new ByteWriter(bytes + entries.length * 4);
  writer.u8(TYPE_BYTE.hash);
  writer.u8(HASH_FORM.packed);
  for (const [field, value] of entries) {
    writer.bytes(field);
    writer.bytes(value);
  }
  return writer.finish();
}
