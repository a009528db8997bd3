/** What a sealed place is opened with, and how it is written: the name key, the data keys, and who may open it. */
import { randomBytes } from "node:crypto";
import { ByteReader, ByteWriter, DecodeError, FormatTooNewError } from "@datadb/protocol";
import type { DataKey } from "./sealed-record.ts";
import { KEY_BYTES } from "./secretbox.ts";

const VERSION = 1;

/** Bytes of the id of a slot. */
export const SLOT_ID_BYTES = 8;

/** What is known of a key or passphrase that opens the place. */
interface SlotFacts {
  readonly id: Buffer;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** What its owner calls it; may be empty. */
  readonly label: string;
}

/** A data key with its date. */
export interface DatedKey extends DataKey {
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** All secrets of a place. Rings never change: another one is made. */
export interface KeyRing {
  /** Never another one: names would change. */
  readonly nameKey: Buffer;
  /** By ascending epoch, at least one; the last seals what is new, all open what is old. */
  readonly dataKeys: readonly DatedKey[];
  readonly slots: readonly SlotFacts[];
}

/** A ring with new keys and no slots. */
export function createKeyRing(now: number): KeyRing {
  const first = { epoch: 1, created: now, key: randomBytes(KEY_BYTES) };
  return { nameKey: randomBytes(KEY_BYTES), dataKeys: [first], slots: [] };
}

/** The same with one more data key, which seals from now on. */
export function withNewDataKey(ring: KeyRing, now: number): KeyRing {
  const next = { epoch: newestKey(ring).epoch + 1, created: now, key: randomBytes(KEY_BYTES) };
  return { ...ring, dataKeys: [...ring.dataKeys, next] };
}

/** The data key that seals. */
export function newestKey({ dataKeys }: KeyRing): DatedKey {
  return dataKeys[dataKeys.length - 1]!;
}

/** The bytes of a ring, before they are sealed. */
export function encodeKeyRing({ nameKey, dataKeys, slots }: KeyRing): Buffer {
  const writer = new ByteWriter();
  writer.u8(VERSION);
  writer.raw(nameKey);
  writer.varint(dataKeys.length);
  for (const { epoch, created, key } of dataKeys) {
    writer.varint(epoch);
    writer.varint(created);
    writer.raw(key);
  }
  writer.varint(slots.length);
  for (const { id, created, label } of slots) {
    writer.raw(id);
    writer.varint(created);
    writer.bytes(label);
  }
  return writer.finish();
}

function readAll<T>(reader: ByteReader, read: () => T): T[] {
  const count = reader.varint();
  // Every one takes bytes: what claims more than there can be ends at the first that is missing.
  const found: T[] = [];
  for (let at = 0; at < count; at++) found.push(read());
  return found;
}

/** The ring in these bytes, which it keeps no view of. Throws DECODE, FORMAT_TOO_NEW. */
export function decodeKeyRing(bytes: Buffer): KeyRing {
  const reader = new ByteReader(Buffer.from(bytes));
  const version = reader.u8();
  if (version > VERSION) throw new FormatTooNewError(`the key ring has version ${version}`);
  if (version === 0) throw new DecodeError("the key ring has no version");
  const nameKey = reader.raw(KEY_BYTES);
  const dataKeys = readAll(reader, () => ({
    epoch: reader.varint(),
    created: reader.varint(),
    key: reader.raw(KEY_BYTES),
  }));
  const slots = readAll(reader, () => ({
    id: reader.raw(SLOT_ID_BYTES),
    created: reader.varint(),
    label: reader.bytes().toString(),
  }));
  const rising = dataKeys.every(({ epoch }, at) => epoch > (dataKeys[at - 1]?.epoch ?? 0));
  if (dataKeys.length === 0 || !rising || !reader.done) throw new DecodeError("the key ring is not whole");
  return { nameKey, dataKeys, slots };
}
