/** The payload of a sealed record: everything that a record says of itself is inside the seal. */
import {
  type BlobRecord,
  DecodeError,
  ENCODING_BYTE,
  encodingOfByte,
  FormatTooNewError,
  KIND_BYTE,
  kindOfByte,
} from "@datadb/protocol";
import { KEY_RECORD_MAGIC } from "./key-record.ts";
import { NONCE_BYTES, type Secretbox, TAG_BYTES } from "./secretbox.ts";

const VERSION = 1;
const EPOCH_AT = 1;
const NONCE_AT = 5;
const BOX_AT: number = NONCE_AT + NONCE_BYTES;
const INSIDE_AT: number = BOX_AT + TAG_BYTES;
const HEAD_BYTES = 8;

/** Bytes of the sealed form of a record. */
export function sealedSize({ name, base, payload }: BlobRecord): number {
  return INSIDE_AT + HEAD_BYTES + name.length + (base === null ? 0 : base.length) + payload.length;
}

/** A data key and its number. */
export interface DataKey {
  readonly epoch: number;
  readonly key: Buffer;
}

function putUInt32LE(target: Buffer, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}

/** Seals `record` into `target`, which has sealedSize bytes. The nonce must never be used twice with a key. */
export function sealRecord(
  secretbox: Secretbox,
  { epoch, key }: DataKey,
  nonce: Buffer,
  record: BlobRecord,
  target: Buffer,
): void {
  const { name, base, payload } = record;
  target[0] = VERSION;
  putUInt32LE(target, EPOCH_AT, epoch);
  target.set(nonce, NONCE_AT);
  target[INSIDE_AT] = KIND_BYTE[record.kind];
  target[INSIDE_AT + 1] = ENCODING_BYTE[record.encoding];
  target[INSIDE_AT + 2] = name.length;
  target[INSIDE_AT + 3] = base === null ? 0 : base.length;
  putUInt32LE(target, INSIDE_AT + 4, record.length);
  const baseAt = INSIDE_AT + HEAD_BYTES + name.length;
  target.set(name, INSIDE_AT + HEAD_BYTES);
  if (base !== null) target.set(base, baseAt);
  target.set(payload, baseAt + (base === null ? 0 : base.length));
  secretbox.seal(target.subarray(BOX_AT), nonce, key);
}

/** The epoch that a sealed form names, before it is opened. Throws DECODE when it is none, FORMAT_TOO_NEW for a later version. */
export function epochOf(sealed: Buffer): number {
  if (sealed.length < INSIDE_AT + HEAD_BYTES) throw new DecodeError("the sealed record is cut short");
  if (sealed[0] !== VERSION) {
    if (sealed[0] === 0 || sealed.subarray(0, KEY_RECORD_MAGIC.length).equals(KEY_RECORD_MAGIC))
      throw new DecodeError("this is no sealed record");
    throw new FormatTooNewError(`a sealed record has version ${sealed[0]}, this datadb knows ${VERSION}`);
  }
  return sealed.readUInt32LE(EPOCH_AT);
}

/** Bytes that opening a sealed form needs in memory. */
export function openedSize(sealed: Buffer): number {
  return Math.max(0, sealed.length - INSIDE_AT);
}

/** The part of a sealed form that may be the `target` of its own opening. */
export function ownMemory(sealed: Buffer): Buffer {
  return sealed.subarray(Math.min(INSIDE_AT, sealed.length));
}

/**
 * The record in a sealed form, its buffers views of `target`, which has openedSize bytes. Null when it was not sealed with this key or was changed since.
 * Throws DECODE when what was sealed is no record.
 */
export function openRecord(
  secretbox: Secretbox,
  key: Buffer,
  sealed: Buffer,
  target: Buffer,
): BlobRecord | null {
  const nonce = sealed.subarray(NONCE_AT, BOX_AT);
  if (!secretbox.open(target, sealed.subarray(BOX_AT), nonce, key)) return null;
  const [nameLength, baseLength] = [target[2]!, target[3]!];
  const payloadAt = HEAD_BYTES + nameLength + baseLength;
  if (payloadAt > target.length) throw new DecodeError("the sealed record ends within its names");
  const encoding = encodingOfByte(target[1]!);
  if (baseLength !== (encoding === "zstd-delta" ? nameLength : 0))
    throw new DecodeError(`a sealed ${encoding} record cannot have a base of ${baseLength} bytes`);
  return {
    kind: kindOfByte(target[0]!),
    name: target.subarray(HEAD_BYTES, HEAD_BYTES + nameLength),
    encoding,
    base: baseLength === 0 ? null : target.subarray(HEAD_BYTES + nameLength, payloadAt),
    length: target.readUInt32LE(4),
    payload: target.subarray(payloadAt),
  };
}
