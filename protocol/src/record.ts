/**
 * One record of a pack.
 *
 * | offset | size | meaning |
 * |---|---|---|
 * | 0 | 4 | magic `dRec` |
 * | 4 | 1 | kind |
 * | 5 | 1 | encoding |
 * | 6 | 1 | flags, 0 |
 * | 7 | 1 | b: length of base, 0 or n |
 * | 8 | 4 | length of the content |
 * | 12 | 4 | p: length of the payload |
 * | 16 | n | name |
 * | 16+n | b | base |
 * | 16+n+b | p | payload |
 * | 16+n+b+p | 4 | CRC-32 of everything before it |
 */
import { crc32 } from "node:zlib";
import { DecodeError, FormatTooNewError } from "./errors.ts";
import { type BlobRecord, ENCODING_BYTE, encodingOfByte, KIND_BYTE, kindOfByte } from "./kinds.ts";
import { MAX_PAYLOAD_OVERHEAD_BYTES, maxContentBytes } from "./limits.ts";

/** The magic that begins a record. Permanent. */
export const RECORD_MAGIC: Buffer = Buffer.from("dRec");

const MAGIC_NUMBER = RECORD_MAGIC.readUInt32BE(0);

/** Bytes before the name. */
export const RECORD_FIXED_BYTES = 16;

/** Bytes after the payload. */
const CHECKSUM_BYTES = 4;

/** A record without its payload. `name` and `base` are views. */
export interface RecordHead extends Omit<BlobRecord, "payload"> {
  payloadLength: number;
  /** Bytes from the record's start to its payload. */
  headSize: number;
  /** Bytes of the whole record. */
  size: number;
}

/** Bytes of a record in a pack; `n` is the length of a name. */
export function recordSize(
  record: { base: Buffer | null; payload: Buffer } | { base: Buffer | null; payloadLength: number },
  n: number,
): number {
  const payload = "payload" in record ? record.payload.length : record.payloadLength;
  return RECORD_FIXED_BYTES + n + (record.base ? n : 0) + payload + CHECKSUM_BYTES;
}

/** Writes everything before the payload at `offset`; returns where the payload goes. */
function writeHead(record: BlobRecord, target: Buffer, offset: number): number {
  const { name, base } = record;
  target.writeUInt32BE(MAGIC_NUMBER, offset);
  target[offset + 4] = KIND_BYTE[record.kind];
  target[offset + 5] = ENCODING_BYTE[record.encoding];
  target[offset + 6] = 0;
  target[offset + 7] = base ? base.length : 0;
  target.writeUInt32LE(record.length, offset + 8);
  target.writeUInt32LE(record.payload.length, offset + 12);
  target.set(name, offset + RECORD_FIXED_BYTES);
  const afterName = offset + RECORD_FIXED_BYTES + name.length;
  if (base === null) return afterName;
  target.set(base, afterName);
  return afterName + base.length;
}

/** The record as three buffers for writev: head, payload (not copied), checksum. */
export function encodeRecord(record: BlobRecord): Buffer[] {
  const n = record.name.length;
  const head = Buffer.allocUnsafe(RECORD_FIXED_BYTES + n + (record.base ? n : 0));
  writeHead(record, head, 0);
  const checksum = Buffer.allocUnsafe(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(record.payload, crc32(head)));
  return [head, record.payload, checksum];
}

/** Writes the whole record into `target` at `offset`, where recordSize bytes are free; returns the offset after it. */
export function encodeRecordInto(record: BlobRecord, target: Buffer, offset: number): number {
  const payloadAt = writeHead(record, target, offset);
  target.set(record.payload, payloadAt);
  const checksumAt = payloadAt + record.payload.length;
  return target.writeUInt32LE(crc32(target.subarray(offset, checksumAt)), checksumAt);
}

/** The head of the record at `offset`; nothing of the payload need be there, and no checksum is checked. Throws DECODE. */
export function decodeRecordHead(buffer: Buffer, offset: number, n: number): RecordHead {
  if (buffer.length - offset < RECORD_FIXED_BYTES) throw new DecodeError("the record's head is cut short");
  if (buffer.readUInt32BE(offset) !== MAGIC_NUMBER) throw new DecodeError("no record: the magic is missing");
  const kind = kindOfByte(buffer[offset + 4] as number);
  const encoding = encodingOfByte(buffer[offset + 5] as number);
  if (buffer[offset + 6] !== 0) throw new DecodeError(`the record has unknown flags ${buffer[offset + 6]}`);
  const baseLength = buffer[offset + 7] as number;
  if (baseLength !== (encoding === "zstd-delta" ? n : 0)) {
    throw new DecodeError(`a ${encoding} record cannot have a base of ${baseLength} bytes`);
  }
  const length = buffer.readUInt32LE(offset + 8);
  const payloadLength = buffer.readUInt32LE(offset + 12);
  const most = maxContentBytes(kind);
  if (length > most || payloadLength > most + MAX_PAYLOAD_OVERHEAD_BYTES) {
    throw new DecodeError(
      `the record claims ${length} bytes of content in ${payloadLength}: more than any has`,
    );
  }
  const nameAt = offset + RECORD_FIXED_BYTES;
  const headSize = RECORD_FIXED_BYTES + n + baseLength;
  if (buffer.length - offset < headSize) throw new DecodeError("the record's head is cut short");
  return {
    kind,
    name: buffer.subarray(nameAt, nameAt + n),
    encoding,
    base: baseLength === 0 ? null : buffer.subarray(nameAt + n, nameAt + n + baseLength),
    length,
    payloadLength,
    headSize,
    size: headSize + payloadLength + CHECKSUM_BYTES,
  };
}

/** Whether the checksum of the whole record at `offset` is right; false too when it is not all there. */
export function isRecordIntact(buffer: Buffer, offset: number, size: number): boolean {
  const checksumAt = offset + size - CHECKSUM_BYTES;
  if (size < CHECKSUM_BYTES || checksumAt + CHECKSUM_BYTES > buffer.length) return false;
  return crc32(buffer.subarray(offset, checksumAt)) === buffer.readUInt32LE(checksumAt);
}

/**
 * The record at `offset` (its buffers are views) and its size. Throws DECODE when it is cut short or its checksum is wrong, and
 * FORMAT_TOO_NEW when the checksum is right and something in the head is unknown.
 */
export function decodeRecord(
  buffer: Buffer,
  offset: number,
  n: number,
): { record: BlobRecord; size: number } {
  refuseNewer(buffer, offset, n);
  const head = decodeRecordHead(buffer, offset, n);
  if (buffer.length - offset < head.size) throw new DecodeError("the record is cut short");
  if (!isRecordIntact(buffer, offset, head.size)) throw new DecodeError("the record's checksum is wrong");
  const { kind, name, encoding, base, length } = head;
  const payload = buffer.subarray(offset + head.headSize, offset + head.size - CHECKSUM_BYTES);
  return { record: { kind, name, encoding, base, length, payload }, size: head.size };
}

/** An unknown kind, encoding or flag under a right checksum was written on purpose, by a newer datadb. */
function refuseNewer(buffer: Buffer, offset: number, n: number): void {
  if (buffer.length - offset < RECORD_FIXED_BYTES) return;
  const kind = buffer[offset + 4] as number;
  const encoding = buffer[offset + 5] as number;
  const flags = buffer[offset + 6] as number;
  if (kind >= 1 && kind <= 3 && encoding <= 2 && flags === 0) return;
  const size =
    RECORD_FIXED_BYTES +
    n +
    (buffer[offset + 7] as number) +
    buffer.readUInt32LE(offset + 12) +
    CHECKSUM_BYTES;
  if (!isRecordIntact(buffer, offset, size)) return;
  throw new FormatTooNewError(`a record has kind ${kind}, encoding ${encoding} and flags ${flags}`);
}
