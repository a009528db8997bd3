/** The key record: the ring, sealed with the master key, and the master key, sealed once for each key and passphrase. */
import { hash, randomBytes } from "node:crypto";
import { ByteReader, ByteWriter, DecodeError, FormatTooNewError, NotAuthenticError } from "@datadb/protocol";
import { decodeKeyRing, encodeKeyRing, type KeyRing, SLOT_ID_BYTES } from "./key-ring.ts";
import {
  KEY_BYTES,
  NONCE_BYTES,
  type PassphraseCost,
  SALT_BYTES,
  type Secretbox,
  TAG_BYTES,
} from "./secretbox.ts";

/** What a key record begins with. Permanent. */
export const KEY_RECORD_MAGIC: Buffer = Buffer.from("dKey");
const VERSION = 1;
/** Permanent. */
const SLOT_TYPE = { key: 1, passphrase: 2 } as const;
const DIGEST_BYTES = 32;
/** More would only let a forger keep us busy: each passphrase slot costs a derivation. */
const MAX_SLOTS = 64;
const MAX_PASSES = 64;
const MAX_MEMORY_KIB: number = 1024 * 1024;

/** The master key as one key or passphrase opens it. */
export interface Slot {
  readonly id: Buffer;
  /** Absent for a key. */
  readonly passphrase?: { readonly cost: PassphraseCost; readonly salt: Buffer };
  readonly nonce: Buffer;
  readonly box: Buffer;
}

/** A key record as it can be read without any key. */
export interface KeyRecord {
  /** Raised with every change, from 1. */
  readonly change: number;
  readonly slots: readonly Slot[];
  readonly nonce: Buffer;
  /** The sealed ring, preceded by a hash of all that is in front of it. */
  readonly box: Buffer;
}

function writeFront(writer: ByteWriter, { change, slots }: Pick<KeyRecord, "change" | "slots">): void {
  writer.raw(KEY_RECORD_MAGIC);
  writer.u8(VERSION);
  writer.varint(change);
  writer.varint(slots.length);
  for (const { id, passphrase, nonce, box } of slots) {
    writer.u8(passphrase === undefined ? SLOT_TYPE.key : SLOT_TYPE.passphrase);
    writer.raw(id);
    if (passphrase !== undefined) {
      writer.varint(passphrase.cost.passes);
      writer.varint(passphrase.cost.memoryKiB);
      writer.raw(passphrase.salt);
    }
    writer.raw(nonce);
    writer.raw(box);
  }
}

function digestOfFront(front: Pick<KeyRecord, "change" | "slots">): Buffer {
  const writer = new ByteWriter();
  writeFront(writer, front);
  return hash("sha256", writer.finish(), "buffer");
}

/** The record with this ring, whose slots are those given. `nonce` is fixed in tests only. */
export function sealKeyRecord(
  secretbox: Secretbox,
  master: Buffer,
  front: Pick<KeyRecord, "change" | "slots">,
  ring: KeyRing,
  nonce: Buffer = randomBytes(NONCE_BYTES),
): KeyRecord {
  const box = Buffer.concat([Buffer.alloc(TAG_BYTES), digestOfFront(front), encodeKeyRing(ring)]);
  secretbox.seal(box, nonce, master);
  return { ...front, nonce, box };
}

/** The ring of a record. Throws NOT_AUTHENTIC when anything in the record was changed, DECODE, FORMAT_TOO_NEW. */
export function openKeyRecord(secretbox: Secretbox, master: Buffer, record: KeyRecord): KeyRing {
  const { nonce, box } = record;
  const inside = Buffer.alloc(box.length - TAG_BYTES);
  const whole =
    secretbox.open(inside, box, nonce, master) &&
    inside.subarray(0, DIGEST_BYTES).equals(digestOfFront(record));
  if (!whole) throw new NotAuthenticError("the key record was changed since it was sealed");
  return decodeKeyRing(inside.subarray(DIGEST_BYTES));
}

/** The payload of a key record. */
export function encodeKeyRecord(record: KeyRecord): Buffer {
  const writer = new ByteWriter(1024);
  writeFront(writer, record);
  writer.raw(record.nonce);
  writer.bytes(record.box);
  return writer.finish();
}

function readCost(reader: ByteReader): PassphraseCost {
  const cost = { passes: reader.varint(), memoryKiB: reader.varint() };
  const tooSmall = cost.passes < 1 || cost.memoryKiB < 8;
  if (tooSmall || cost.passes > MAX_PASSES || cost.memoryKiB > MAX_MEMORY_KIB)
    throw new DecodeError(`a passphrase of ${cost.passes} passes over ${cost.memoryKiB} KiB is not tried`);
  return cost;
}

function readSlot(reader: ByteReader): Slot {
  const type = reader.u8();
  if (type === 0) throw new DecodeError("a slot has no type");
  if (type > SLOT_TYPE.passphrase) throw new FormatTooNewError(`a slot of the key record has type ${type}`);
  const id = reader.raw(SLOT_ID_BYTES);
  const passphrase =
    type === SLOT_TYPE.passphrase ? { cost: readCost(reader), salt: reader.raw(SALT_BYTES) } : undefined;
  const nonce = reader.raw(NONCE_BYTES);
  const box = reader.raw(TAG_BYTES + KEY_BYTES);
  return { id, nonce, box, ...(passphrase && { passphrase }) };
}

/** The record in a payload, of which it keeps no view. Throws DECODE, FORMAT_TOO_NEW. */
export function decodeKeyRecord(payload: Buffer): KeyRecord {
  const reader = new ByteReader(Buffer.from(payload));
  if (!reader.raw(KEY_RECORD_MAGIC.length).equals(KEY_RECORD_MAGIC))
    throw new DecodeError("this is no key record");
  const version = reader.u8();
  if (version > VERSION)
    throw new FormatTooNewError(`the key record has version ${version}, this datadb knows ${VERSION}`);
  const change = reader.varint();
  const count = reader.varint();
  if (version === 0 || count < 1 || count > MAX_SLOTS)
    throw new DecodeError(`a key record of version ${version} cannot have ${count} slots`);
  const slots = Array.from({ length: count }, () => readSlot(reader));
  const nonce = reader.raw(NONCE_BYTES);
  const box = reader.bytes();
  if (box.length < TAG_BYTES + DIGEST_BYTES || !reader.done)
    throw new DecodeError("the key record is not whole");
  return { change, slots, nonce, box };
}
