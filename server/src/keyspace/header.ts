/** Headers of keys: 1 byte type, then what docs/formats.md says for the type. */
import { ByteReader, ByteWriter, ReplyError } from "@datadb/protocol";

export type KeyType = "string" | "hash" | "set" | "list";

/** Permanent. */
export const TYPE_BYTE: Readonly<Record<KeyType, number>> = { string: 1, hash: 2, set: 3, list: 4 };

const TYPES: readonly KeyType[] = ["string", "hash", "set", "list"];

/** Second byte of a hash's header. Permanent. */
export const HASH_FORM: { readonly packed: 1; readonly spread: 2 } = { packed: 1, spread: 2 };

/** The type of the key with this header. */
export function typeOfHeader(header: Buffer): KeyType {
  const type = TYPES[(header[0] as number) - 1];
  if (type === undefined) throw new TypeError(`a key has the unknown type ${header[0]}`);
  return type;
}

/** Redis' words for a command on a key of another type. */
function wrongType(): ReplyError {
  return new ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value");
}

/** The header again, when the key is of the type or absent. Throws WRONGTYPE. */
export function expectType(header: Buffer | undefined, type: KeyType): Buffer | undefined {
  if (header !== undefined && header[0] !== TYPE_BYTE[type]) throw wrongType();
  return header;
}

/** The header of a string: the value behind its type. */
export function stringHeader(value: Buffer): Buffer {
  const out = Buffer.allocUnsafe(value.length + 1);
  out[0] = TYPE_BYTE.string;
  out.set(value, 1);
  return out;
}

/** Whether the elements of the key have LevelDB keys of their own. */
export function hasElements(header: Buffer | undefined): boolean {
  if (header === undefined || header[0] === TYPE_BYTE.string) return false;
  return header[0] !== TYPE_BYTE.hash || header[1] === HASH_FORM.spread;
}

/** The header of a set, list or spread hash. */
export function countHeader(type: "hash" | "set" | "list", count: number): Buffer {
  const writer = new ByteWriter(12);
  writer.u8(TYPE_BYTE[type]);
  if (type === "hash") writer.u8(HASH_FORM.spread);
  writer.varint(count);
  return writer.finish();
}

/** The number of elements of a set, list or spread hash; 0 for an absent key. */
export function countOf(header: Buffer | undefined): number {
  if (header === undefined) return 0;
  return new ByteReader(header, header[0] === TYPE_BYTE.hash ? 2 : 1).varint();
}
