/** The names under which records are stored: they tell nothing of the content to who does not have the name key. */
import { hash as hashOnce } from "node:crypto";
import { KIND_BYTE, type RecordKind } from "@datadb/protocol";

/** Names that are remembered: one is asked for, put and looked up within moments. A power of two. */
const SLOTS = 65_536;
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** A key for maps: kind and name as text. */
export function idOf(kind: RecordKind, name: Buffer): string {
  return String.fromCharCode(KIND_BYTE[kind]) + name.toString("latin1");
}

/** HMAC-SHA-256 of kind byte and name, cut to the length of the store's names. */
export interface StoredNames {
  of(kind: RecordKind, name: Buffer): Buffer;
  /** Several, in order. */
  all(kind: RecordKind, names: readonly Buffer[]): Buffer[];
}

/** A block of RFC 2104 with room for what follows it. */
function padded(key: Buffer, byte: number, room: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES + room, byte);
  for (const [at, value] of key.entries()) block[at] = value ^ byte;
  return block;
}

/** `nameKey` has 32 bytes, names have `nameLength`. */
export function createStoredNames(nameKey: Buffer, nameLength: number): StoredNames {
  // Two plain hashes over blocks that are laid out once take a fifth of the time that an Hmac object does.
  const inner = padded(nameKey, 0x36, 1 + nameLength);
  const outer = padded(nameKey, 0x5c, DIGEST_BYTES);
  // The last names, each in the slot that its own bytes tell: they are hashes. Strings in a Map would cost more than the hashing.
  const memory = new Uint8Array(SLOTS * (1 + 2 * nameLength));
  const compute = (kindByte: number, name: Buffer): Buffer => {
    inner[BLOCK_BYTES] = kindByte;
    inner.set(name, BLOCK_BYTES + 1);
    outer.write(hashOnce("sha256", inner, "binary"), BLOCK_BYTES, "latin1");
    return Buffer.from(hashOnce("sha256", outer, "binary"), "latin1").subarray(0, nameLength);
  };
  const isAt = (slot: number, kindByte: number, name: Buffer): boolean => {
    if (memory[slot] !== kindByte) return false;
    for (let at = 0; at < nameLength; at++) if (memory[slot + 1 + at] !== name[at]) return false;
    return true;
  };
  const of = (kind: RecordKind, name: Buffer): Buffer => {
    if (name.length !== nameLength) throw new TypeError(`a name has ${nameLength} bytes, not ${name.length}`);
    const kindByte = KIND_BYTE[kind];
    const slot = (name.readUInt32LE() % SLOTS) * (1 + 2 * nameLength);
    const [nameAt, storedAt] = [slot + 1, slot + 1 + nameLength];
    if (isAt(slot, kindByte, name)) {
      const stored = Buffer.allocUnsafe(nameLength);
      for (let at = 0; at < nameLength; at++) stored[at] = memory[storedAt + at]!;
      return stored;
    }
    const stored = compute(kindByte, name);
    memory[slot] = kindByte;
    memory.set(name, nameAt);
    memory.set(stored, storedAt);
    return stored;
  };
  return { of, all: (kind, names) => names.map((name) => of(kind, name)) };
}
