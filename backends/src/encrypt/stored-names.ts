/** The names under which records are stored: they tell nothing of the content to who does not have the name key. */
import { KIND_BYTE, type RecordKind } from "@datadb/protocol";
import { BLOCK_WORDS, INITIAL_STATE, STATE_WORDS, takeBlock } from "./sha256-block.ts";

const WORD_BYTES = 4;
const BLOCK_BYTES: number = BLOCK_WORDS * WORD_BYTES;
const DIGEST_BYTES: number = STATE_WORDS * WORD_BYTES;
/** What follows the last byte that is hashed; the last word of the last block tells the bits of all blocks. */
const END = 0x80;
const LENGTH_WORD: number = BLOCK_WORDS - 1;

/** A key for maps: kind and name as text. */
export function idOf(kind: RecordKind, name: Buffer): string {
  return String.fromCharCode(KIND_BYTE[kind]) + name.toString("latin1");
}

/** HMAC-SHA-256 of kind byte and name, cut to the length of the store's names. */
export interface StoredNames {
  of(kind: RecordKind, name: Buffer): Buffer;
  /** Several, in order: views of one piece of memory. */
  all(kind: RecordKind, names: readonly Buffer[]): Buffer[];
}

/** The state behind a block of RFC 2104. */
function keyed(key: Buffer, byte: number): Int32Array {
  const padded = Buffer.alloc(BLOCK_BYTES, byte);
  for (const [at, value] of key.entries()) padded[at] = value ^ byte;
  const block = Int32Array.from({ length: BLOCK_WORDS }, (_, at) => padded.readInt32BE(at * WORD_BYTES));
  const state = new Int32Array(STATE_WORDS);
  takeBlock(INITIAL_STATE, block, state);
  return state;
}

/** A block that ends what begins with a keyed one, and has `bytes` bytes of its own. */
function lastBlock(bytes: number): Int32Array {
  const block = new Int32Array(BLOCK_WORDS);
  block[Math.floor(bytes / WORD_BYTES)] = END << (24 - 8 * (bytes % WORD_BYTES));
  block[LENGTH_WORD] = 8 * (BLOCK_BYTES + bytes);
  return block;
}

/** `nameKey` has 32 bytes, names have `nameLength`, 20 or 32: with the kind they fit into one block. */
export function createStoredNames(nameKey: Buffer, nameLength: number): StoredNames {
  // The blocks with the key are taken in once. What is left of an HMAC are two blocks, 0.6 us; a call of the library takes longer, whatever it does.
  const [inner, outer] = [keyed(nameKey, 0x36), keyed(nameKey, 0x5c)];
  const [message, digest] = [lastBlock(1 + nameLength), lastBlock(DIGEST_BYTES)];
  const state = new Int32Array(STATE_WORDS);
  const write = (kindByte: number, name: Buffer, target: Buffer, at: number): void => {
    if (name.length !== nameLength) throw new TypeError(`a name has ${nameLength} bytes, not ${name.length}`);
    // The kind in front moves every word of the name by a byte.
    let word = kindByte;
    let place = 0;
    for (let from = 0; from < nameLength; from += WORD_BYTES) {
      message[place++] = (word << 24) | (name[from]! << 16) | (name[from + 1]! << 8) | name[from + 2]!;
      word = name[from + 3]!;
    }
    message[place] = (word << 24) | (END << 16);
    takeBlock(inner, message, state);
    for (let index = 0; index < STATE_WORDS; index++) digest[index] = state[index]!;
    takeBlock(outer, digest, state);
    for (let index = 0; index < nameLength / WORD_BYTES; index++) {
      const bits = state[index]!;
      target[at++] = bits >>> 24;
      target[at++] = bits >>> 16;
      target[at++] = bits >>> 8;
      target[at++] = bits;
    }
  };
  const all: StoredNames["all"] = (kind, names) => {
    const slab = Buffer.allocUnsafe(names.length * nameLength);
    return names.map((name, index) => {
      write(KIND_BYTE[kind], name, slab, index * nameLength);
      return slab.subarray(index * nameLength, (index + 1) * nameLength);
    });
  };
  return { of: (kind, name) => all(kind, [name])[0]!, all };
}
