/** Keys and values of the blobsfile index: where a record lies, and how much of each pack is indexed. */
import {
  ByteReader,
  ByteWriter,
  ENCODING_BYTE,
  type Encoding,
  encodingOfByte,
  KIND_BYTE,
  type RecordKind,
} from "@datadb/protocol";

/** Where a record lies and what can be said of it without reading it. */
export interface Location {
  /** Pack number within the kind. */
  pack: number;
  offset: number;
  payloadLength: number;
  length: number;
  encoding: Encoding;
  base: Buffer | null;
}

/** What an index value of a record that cannot be trusted begins with: packs are numbered from 1. Permanent. */
const DISTRUSTED = Buffer.from([0]);

/** Whether the record was found to be damaged: absent for writers, and read only because it might be whole after all. */
export function isDistrusted(value: Buffer): boolean {
  return value[0] === 0;
}

/** The index value of the same place, not trusted any more. */
export function distrusted(value: Buffer): Buffer {
  return isDistrusted(value) ? value : Buffer.concat([DISTRUSTED, value]);
}

/** First byte of the keys that say how much of a pack is indexed; kinds begin at 1. Permanent. */
const PACK_KEY = 0;

/** Keys of records, all in one allocation: kind byte, name. */
export function recordKeys(kind: RecordKind, names: readonly Buffer[]): Buffer[] {
  const width = 1 + (names[0]?.length ?? 0);
  const slab = Buffer.allocUnsafeSlow(width * names.length);
  const keys: Buffer[] = [];
  for (let start = 0; keys.length < names.length; start += width) {
    slab[start] = KIND_BYTE[kind];
    slab.set(names[keys.length]!, start + 1);
    keys.push(slab.subarray(start, start + width));
  }
  return keys;
}

/** Key of a pack's progress: 0, kind byte, pack number as u32 big-endian. */
export function packKey(kind: RecordKind, pack: number): Buffer {
  const key = Buffer.from([PACK_KEY, KIND_BYTE[kind], 0, 0, 0, 0]);
  key.writeUInt32BE(pack, 2);
  return key;
}

function markedKey(mark: number, kind: RecordKind, pack: number): Buffer {
  const key = packKey(kind, pack);
  key[1] = mark | KIND_BYTE[kind];
  return key;
}

function markedKeyRange(mark: number, kind: RecordKind): [Buffer, Buffer] {
  const byte = mark | KIND_BYTE[kind];
  return [Buffer.from([PACK_KEY, byte]), Buffer.from([PACK_KEY, byte + 1])];
}

/** What is added to the kind in the key of a pack that is being deleted. Permanent. */
const DROPPED = 0x80;

/** Key that says that a pack is being deleted, or was: its number is not given again. */
export function droppedKey(kind: RecordKind, pack: number): Buffer {
  return markedKey(DROPPED, kind, pack);
}

/** The range of all such keys of a kind: first included, last excluded. */
export function droppedKeyRange(kind: RecordKind): [Buffer, Buffer] {
  return markedKeyRange(DROPPED, kind);
}

/** What is added to the kind in the key of a pack that is being cut. Permanent. */
const CUT = 0x40;

/** Key that says to how many bytes a pack is being cut: the index needs nothing behind them. */
export function cutKey(kind: RecordKind, pack: number): Buffer {
  return markedKey(CUT, kind, pack);
}

/** The range of all such keys of a kind: first included, last excluded. */
export function cutKeyRange(kind: RecordKind): [Buffer, Buffer] {
  return markedKeyRange(CUT, kind);
}

/** The range of the keys of all records of a kind: first included, last excluded. */
export function recordKeyRange(kind: RecordKind): [Buffer, Buffer] {
  return [Buffer.from([KIND_BYTE[kind]]), Buffer.from([KIND_BYTE[kind] + 1])];
}

/** The range of all progress keys of a kind: first included, last excluded. */
export function packKeyRange(kind: RecordKind): [Buffer, Buffer] {
  return [Buffer.from([PACK_KEY, KIND_BYTE[kind]]), Buffer.from([PACK_KEY, KIND_BYTE[kind] + 1])];
}

/** The pack number in a progress key. */
export function packOfKey(key: Buffer): number {
  return key.readUInt32BE(2);
}

/** Value of a progress key: bytes of the pack that are durable and indexed. */
export function encodeProgress(bytes: number): Buffer {
  const writer = new ByteWriter();
  writer.varint(bytes);
  return writer.finish();
}

/** The bytes that encodeProgress wrote. */
export function decodeProgress(value: Buffer): number {
  return new ByteReader(value).varint();
}

/** Appends a location to `writer`: varint pack, offset, payload length, length, 1 byte encoding, base. */
export function writeLocation(writer: ByteWriter, location: Location): void {
  writer.varint(location.pack);
  writer.varint(location.offset);
  writer.varint(location.payloadLength);
  writer.varint(location.length);
  writer.u8(ENCODING_BYTE[location.encoding]);
  if (location.base !== null) writer.raw(location.base);
}

/** The location in an index value; `base` is a view of it. */
export function decodeLocation(value: Buffer): Location {
  const reader = new ByteReader(isDistrusted(value) ? value.subarray(1) : value);
  const [pack, offset] = [reader.varint(), reader.varint()];
  const [payloadLength, length] = [reader.varint(), reader.varint()];
  const encoding = encodingOfByte(reader.u8());
  return {
    pack,
    offset,
    payloadLength,
    length,
    encoding,
    base: reader.done ? null : reader.raw(reader.remaining),
  };
}
