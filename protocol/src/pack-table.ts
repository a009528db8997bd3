/**
 * What a sealed pack holds, written after its last record: an index is made of it without reading the records. See docs/formats.md.
 *
 * | size | meaning |
 * |---|---|
 * | 4 | magic `dTab` |
 * | 1 | version, 1 |
 * | 1 | kind |
 * | 1 | hash: 1 sha256, 2 sha1 |
 * | 1 | flags, 0 |
 * | 16 | store id |
 * | varint | number of records |
 * | each | 1 byte encoding, name, varint length, varint payload length, base when the encoding is zstd-delta |
 * | 4 | bytes of all of the above |
 * | 4 | CRC-32 of all of the above |
 * | 8 | magic `DATADBTB` |
 */
import { crc32 } from "node:zlib";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { DecodeError, FormatTooNewError } from "./errors.ts";
import { type HashAlgorithm, hashLength } from "./hash.ts";
import { ENCODING_BYTE, encodingOfByte, KIND_BYTE, kindOfByte, type RecordKind } from "./kinds.ts";
import { PACK_HEADER_BYTES } from "./pack-header.ts";
import { type RecordHead, recordSize } from "./record.ts";

/** Bytes at the very end of a pack with a table: from them one knows where the table begins. */
export const PACK_TRAILER_BYTES = 16;

/** The flag in a pack's header that says that a table follows the records. Permanent. */
export const PACK_FLAG_TABLE = 2;

const MAGIC = Buffer.from("dTab");
const END_MAGIC = Buffer.from("DATADBTB");
const VERSION = 1;
const HASHES: readonly HashAlgorithm[] = ["sha256", "sha1"];

/** One record of a table. */
export type TableRecord = Pick<RecordHead, "name" | "encoding" | "base" | "length" | "payloadLength">;

/** A table with the places of its records. */
export interface PackTable {
  kind: RecordKind;
  hash: HashAlgorithm;
  storeId: Buffer;
  /** In order of offsets; they lie back to back from the header on. Names and bases are views. */
  records: (TableRecord & { offset: number })[];
  /** Where the records end in the pack, and the table begins. */
  end: number;
}

/** The table and trailer of records that lie back to back after the header, in this order. */
export function encodePackTable(
  about: Pick<PackTable, "kind" | "hash" | "storeId">,
  records: readonly TableRecord[],
): Buffer {
  const writer = new ByteWriter(64 + 48 * records.length);
  writer.raw(MAGIC);
  for (const byte of [VERSION, KIND_BYTE[about.kind], HASHES.indexOf(about.hash) + 1, 0]) writer.u8(byte);
  writer.raw(about.storeId);
  writer.varint(records.length);
  for (const { encoding, name, length, payloadLength, base } of records) {
    writer.u8(ENCODING_BYTE[encoding]);
    writer.raw(name);
    writer.varint(length);
    writer.varint(payloadLength);
    if (base !== null) writer.raw(base);
  }
  const table = writer.finish();
  const trailer = Buffer.alloc(PACK_TRAILER_BYTES);
  trailer.writeUInt32LE(table.length, 0);
  trailer.writeUInt32LE(crc32(table), 4);
  END_MAGIC.copy(trailer, 8);
  return Buffer.concat([table, trailer]);
}

/** Bytes from the table's beginning to the pack's end, as the last bytes of the pack say. Throws DECODE when there is no trailer. */
export function packTableBytes(tail: Buffer): number {
  const at = tail.length - PACK_TRAILER_BYTES;
  if (at < 0 || !tail.subarray(at + 8).equals(END_MAGIC))
    throw new DecodeError("the pack has no table at its end");
  return tail.readUInt32LE(at) + PACK_TRAILER_BYTES;
}

/** The table at the end of `tail`, which holds at least all of it. Throws DECODE, FORMAT_TOO_NEW. */
export function decodePackTable(tail: Buffer): PackTable {
  const bytes = packTableBytes(tail);
  if (bytes > tail.length) throw new DecodeError("the table of the pack is cut short");
  const table = tail.subarray(tail.length - bytes, tail.length - PACK_TRAILER_BYTES);
  if (crc32(table) !== tail.readUInt32LE(tail.length - PACK_TRAILER_BYTES + 4))
    throw new DecodeError("the checksum of the pack's table is wrong");
  if (!table.subarray(0, 4).equals(MAGIC)) throw new DecodeError("the pack's table has no magic");
  if (table[4] !== VERSION || table[7] !== 0)
    throw new FormatTooNewError(`the pack's table has version ${table[4]} and flags ${table[7]}`);
  const hash = HASHES[(table[6] as number) - 1];
  if (hash === undefined) throw new FormatTooNewError(`the pack's table has hash number ${table[6]}`);
  const storeId = Buffer.from(table.subarray(8, 24));
  return {
    kind: kindOfByte(table[5] as number),
    hash,
    storeId,
    ...readRecords(table.subarray(24), hashLength(hash)),
  };
}

function readRecords(bytes: Buffer, n: number): Pick<PackTable, "records" | "end"> {
  const reader = new ByteReader(bytes);
  const records: PackTable["records"] = [];
  let offset = PACK_HEADER_BYTES;
  for (let left = reader.varint(); left > 0; left--) {
    const encoding = encodingOfByte(reader.u8());
    const name = reader.raw(n);
    const [length, payloadLength] = [reader.varint(), reader.varint()];
    const base = encoding === "zstd-delta" ? reader.raw(n) : null;
    records.push({ offset, name, encoding, length, payloadLength, base });
    offset += recordSize({ base, payloadLength }, n);
  }
  if (!reader.done) throw new DecodeError("the pack's table has more bytes than records");
  return { records, end: offset };
}
