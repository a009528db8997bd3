/**
 * HMAC-SHA-256 (RFC 2104, FIPS 180-4) of many names under one key, four at a time: each has a lane of every vector. What depends on the key alone, a block
 * of the inner and one of the outer hash, is taken in once; of a name, two blocks are left.
 */

const WORD: usize = 4;
const VECTOR: usize = 16;
const LANES: u32 = 4;
const ROUNDS: usize = 64;
const BLOCK_WORDS: usize = 16;
const STATE_WORDS: usize = 8;
/** The key fills this much of its block. */
const KEY_WORDS: usize = 8;
/** What follows the last byte that is hashed; the last word of the last block tells the bits of all blocks. */
const END: u32 = 0x80;
const LENGTH_WORD: usize = BLOCK_WORDS - 1;
const BLOCK_BITS: u32 = 512;

/** Memory for the key and for names: all that is left of the page. */
const ROOM: usize = __heap_base;
/** Names that it takes, a multiple of the lanes, each of a digest's length at most. */
const CAPACITY: u32 = 1024;

const CONSTANTS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const BEGIN: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
/** The block that is taken in, in vectors, and behind it what the schedule makes of it. */
const WORDS: usize = memory.data(1024, 16);
/** States in vectors: what SHA-256 begins with, behind the block of the key, and a result. */
const FIRST: usize = memory.data(128, 16);
const INNER: usize = memory.data(128, 16);
const OUTER: usize = memory.data(128, 16);
const RESULT: usize = memory.data(128, 16);

/** Where the caller puts the key, and names one behind the other. */
export function room(): usize {
  return ROOM;
}

/** How many names fit there. */
export function capacity(): u32 {
  return CAPACITY;
}

// @ts-ignore: decorator
@inline
function turn(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits));
}

// @ts-ignore: decorator
@inline
function word(at: usize): v128 {
  return v128.load(WORDS + at * VECTOR);
}

// @ts-ignore: decorator
@inline
function setWord(at: usize, value: u32): void {
  v128.store(WORDS + at * VECTOR, i32x4.splat(value));
}

// @ts-ignore: decorator
@inline
function addTo(to: usize, from: usize, at: usize, value: v128): void {
  v128.store(to + at * VECTOR, i32x4.add(value, v128.load(from + at * VECTOR)));
}

function schedule(): void {
  for (let at = BLOCK_WORDS; at < ROUNDS; at++) {
    const x = word(at - 15);
    const y = word(at - 2);
    const s = v128.xor(v128.xor(turn(x, 7), turn(x, 18)), i32x4.shr_u(x, 3));
    const t = v128.xor(v128.xor(turn(y, 17), turn(y, 19)), i32x4.shr_u(y, 10));
    const sum = i32x4.add(i32x4.add(word(at - 16), s), i32x4.add(word(at - 7), t));
    v128.store(WORDS + at * VECTOR, sum);
  }
}

/** Writes to `to` the states after the block that follow those at `from`. */
function takeBlock(from: usize, to: usize): void {
  schedule();
  let a = v128.load(from);
  let b = v128.load(from, 16);
  let c = v128.load(from, 32);
  let d = v128.load(from, 48);
  let e = v128.load(from, 64);
  let f = v128.load(from, 80);
  let g = v128.load(from, 96);
  let h = v128.load(from, 112);
  for (let at: usize = 0; at < ROUNDS; at++) {
    const s = v128.xor(v128.xor(turn(e, 6), turn(e, 11)), turn(e, 25));
    const t = v128.xor(v128.xor(turn(a, 2), turn(a, 13)), turn(a, 22));
    const picked = v128.xor(g, v128.and(e, v128.xor(f, g)));
    const most = v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)));
    const given = i32x4.add(v128.load32_splat(CONSTANTS + at * WORD), word(at));
    const added = i32x4.add(i32x4.add(h, s), i32x4.add(picked, given));
    h = g;
    g = f;
    f = e;
    e = i32x4.add(d, added);
    d = c;
    c = b;
    b = a;
    a = i32x4.add(added, i32x4.add(t, most));
  }
  addTo(to, from, 0, a);
  addTo(to, from, 1, b);
  addTo(to, from, 2, c);
  addTo(to, from, 3, d);
  addTo(to, from, 4, e);
  addTo(to, from, 5, f);
  addTo(to, from, 6, g);
  addTo(to, from, 7, h);
}

/** The block of the key in the room, with `mask` in every byte; the same in all lanes. */
function takeKey(mask: u32, to: usize): void {
  for (let at: usize = 0; at < KEY_WORDS; at++) setWord(at, bswap<u32>(load<u32>(ROOM + at * WORD)) ^ mask);
  for (let at = KEY_WORDS; at < BLOCK_WORDS; at++) setWord(at, mask);
  takeBlock(FIRST, to);
}

/** Takes the key of 32 bytes from the room. */
export function setKey(): void {
  for (let at: usize = 0; at < STATE_WORDS; at++)
    v128.store(FIRST + at * VECTOR, v128.load32_splat(BEGIN + at * WORD));
  takeKey(0x36363636, INNER);
  takeKey(0x5c5c5c5c, OUTER);
}

/** Kind and name as the beginning of a lane's block: the kind in front moves every word of the name by a byte. */
// @ts-ignore: decorator
@inline
function putName(kind: u32, name: usize, words: usize, lane: usize): void {
  const to = WORDS + lane * WORD;
  let before = kind;
  for (let at: usize = 0; at < words; at++) {
    const own = bswap<u32>(load<u32>(name + at * WORD));
    store<u32>(to + at * VECTOR, (before << 24) | (own >> 8));
    before = own & 0xff;
  }
  store<u32>(to + words * VECTOR, (before << 24) | (END << 16));
}

/** The rest of a last block, whose first `words` words are there; `bits` of them are hashed. */
// @ts-ignore: decorator
@inline
function endBlock(words: usize, bits: u32): void {
  for (let at = words; at < LENGTH_WORD; at++) setWord(at, 0);
  setWord(LENGTH_WORD, BLOCK_BITS + bits);
}

/**
 * In place of each of `count` names of `length` bytes in the room, 20 or 32: as many bytes of the HMAC of `kind` (one byte) and the name. Up to three
 * names behind the last one are overwritten.
 */
export function hash(kind: u32, length: u32, count: u32): void {
  const words = <usize>length / WORD;
  for (let done: u32 = 0; done < count; done += LANES) {
    const first = ROOM + done * length;
    for (let lane: usize = 0; lane < LANES; lane++) putName(kind, first + lane * length, words, lane);
    endBlock(words + 1, 8 * (1 + length));
    takeBlock(INNER, WORDS);
    setWord(STATE_WORDS, END << 24);
    endBlock(STATE_WORDS + 1, 32 * <u32>STATE_WORDS);
    takeBlock(OUTER, RESULT);
    for (let lane: usize = 0; lane < LANES; lane++) {
      for (let at: usize = 0; at < words; at++) {
        const own = load<u32>(RESULT + at * VECTOR + lane * WORD);
        store<u32>(first + lane * length + at * WORD, bswap<u32>(own));
      }
    }
  }
}
