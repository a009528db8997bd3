/**
 * The first 64 bytes of a pack.
 *
 * | offset | size | meaning |
 * |---|---|---|
 * | 0 | 8 | magic `DATADBPK` |
 * | 8 | 2 | format version, 1 |
 * | 10 | 1 | kind |
 * | 11 | 1 | hash: 1 sha256, 2 sha1 |
 * | 12 | 4 | flags |
 * | 16 | 16 | store id |
 * | 32 | 8 | creation time, ms since 1970 |
 * | 40 | 4 | key epoch |
 * | 44 | 16 | reserved, 0 |
 * | 60 | 4 | CRC-32 of bytes 0..59 |
 */
import { crc32 } from "node:zlib";
import { DecodeError, FormatTooNewError } from "./errors.ts";
import type { HashAlgorithm } from "./hash.ts";
import { KIND_BYTE, kindOfByte, type RecordKind } from "./kinds.ts";

/** Bytes before the first record of a pack. */
export const PACK_HEADER_BYTES = 64;

/** Permanent. Written into new packs; readers know up to this one. */
export const PACK_FORMAT_VERSION = 1;

const MAGIC = Buffer.from("DATADBPK");
const HASHES: readonly HashAlgorithm[] = ["sha256", "sha1"];

/** What a pack says of itself. */
export interface PackHeader {
  /** Of all its records. */
  kind: RecordKind;
  hash: HashAlgorithm;
  /** Bit 0: records are sealed by the encrypt wrapper. */
  flags: number;
  /** 16 bytes. */
  storeId: Buffer;
  /** Milliseconds since 1970. */
  created: number;
  /** Epoch of the key that sealed it; 0 when not encrypted. */
  epoch: number;
}

/** The 64 bytes. */
export function encodePackHeader(header: PackHeader): Buffer {
  if (header.storeId.length !== 16) throw new TypeError("a store id has 16 bytes");
  const out = Buffer.alloc(PACK_HEADER_BYTES);
  MAGIC.copy(out, 0);
  out.writeUInt16LE(PACK_FORMAT_VERSION, 8);
  out[10] = KIND_BYTE[header.kind];
  out[11] = HASHES.indexOf(header.hash) + 1;
  out.writeUInt32LE(header.flags, 12);
  header.storeId.copy(out, 16);
  out.writeBigUInt64LE(BigInt(header.created), 32);
  out.writeUInt32LE(header.epoch, 40);
  out.writeUInt32LE(crc32(out.subarray(0, 60)), 60);
  return out;
}

/** The header at the start of `buffer`; `storeId` is a copy. Throws DECODE, or FORMAT_TOO_NEW for a version it does not know. */
export function decodePackHeader(buffer: Buffer): PackHeader {
  if (buffer.length < PACK_HEADER_BYTES)
    throw new DecodeError(`a pack header has 64 bytes, not ${buffer.length}`);
  if (!buffer.subarray(0, 8).equals(MAGIC)) throw new DecodeError("no pack header: the magic is missing");
  // First: a header that a power cut tore has any version, and is not newer for it.
  if (crc32(buffer.subarray(0, 60)) !== buffer.readUInt32LE(60)) {
    throw new DecodeError("the checksum of the pack header is wrong");
  }
  const version = buffer.readUInt16LE(8);
  if (version !== PACK_FORMAT_VERSION) throw new FormatTooNewError(`the pack has format version ${version}`);
  const hash = HASHES[(buffer[11] as number) - 1];
  if (hash === undefined) throw new FormatTooNewError(`the pack has hash number ${buffer[11]}`);
  return {
    kind: kindOfByte(buffer[10] as number),
    hash,
    flags: buffer.readUInt32LE(12),
    storeId: Buffer.from(buffer.subarray(16, 32)),
    created: Number(buffer.readBigUInt64LE(32)),
    epoch: buffer.readUInt32LE(40),
  };
}
