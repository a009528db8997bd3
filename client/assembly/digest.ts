/**
 * The sum of a hash of each row, over memory that the caller provides: the same for the same rows in any order. It tells whether
 * a table has the rows that were sent to it; it is kept nowhere.
 *
 * State lives in WebAssembly globals, which each instance has for itself.
 */
import { LINE_FEED } from "./copy-text";

const COPY_DATA: u8 = 0x64;
/** Type and length of a message; the length counts itself. */
const HEADER_BYTES: usize = 5;
const LENGTH_BYTES: u32 = 4;

/** In each byte of a word: a line feed, the lowest bit, the highest one. */
const LINE_FEEDS: u64 = 0x0a0a0a0a0a0a0a0a;
const LOWEST: u64 = 0x0101010101010101;
const HIGHEST: u64 = 0x8080808080808080;

/** Odd, with bits in no order: the fractions of the roots of 2, 3, 5 and 7. */
const A: u64 = 0x6a09e667f3bcc909;
const B: u64 = 0xbb67ae8584caa73b;
const C: u64 = 0x3c6ef372fe94f82b;
const D: u64 = 0xa54ff53a5f1d36f1;

let sum: u64 = 0;

/** Forgets all rows. */
export function begin(): void {
  sum = 0;
}

// @ts-ignore: decorator
@inline
function step(h: u64, word: u64): u64 {
  return rotl<u64>(h ^ (word * A), 29) * B;
}

/** Every step can be undone, so rows of one length that differ in one word never have the same hash. */
function rowHash(from: usize, to: usize): u64 {
  let h = C + <u64>(to - from) * D;
  let at = from;
  while (at + 8 <= to) {
    h = step(h, load<u64>(at));
    at += 8;
  }
  let rest: u64 = 0;
  while (at < to) {
    rest = (rest << 8) | <u64>load<u8>(at);
    at++;
  }
  h = step(h, rest);
  h = (h ^ (h >> 32)) * D;
  h = (h ^ (h >> 29)) * C;
  return h ^ (h >> 32);
}

/** Behind the first line feed from `from` on; 0 when there is none before `to`. */
function rowEnd(from: usize, to: usize): usize {
  let at = from;
  while (at + 8 <= to) {
    const word = load<u64>(at) ^ LINE_FEEDS;
    const found = (word - LOWEST) & ~word & HIGHEST;
    if (found != 0) return at + <usize>(ctz<u64>(found) >> 3) + 1;
    at += 8;
  }
  while (at < to) if (load<u8>(at++) == LINE_FEED) return at;
  return 0;
}

/** Adds the rows at [from, to), each up to its line feed. Returns where the first one begins that has none. */
export function addRows(from: usize, to: usize): usize {
  let at = from;
  for (let end = rowEnd(at, to); end != 0; end = rowEnd(at, to)) {
    sum += rowHash(at, end);
    at = end;
  }
  return at;
}

/** Adds the rows that are whole messages of COPY at [from, to). Returns where the first message begins that is none. */
export function addMessages(from: usize, to: usize): usize {
  let at = from;
  while (at + HEADER_BYTES <= to && load<u8>(at) == COPY_DATA) {
    const length = bswap<u32>(load<u32>(at + 1)) - LENGTH_BYTES;
    const row = at + HEADER_BYTES;
    if (<usize>length > to - row) break;
    at = row + length;
    sum += rowHash(row, at);
  }
  return at;
}

/** The lower half of the sum. */
export function low(): u32 {
  return <u32>sum;
}

/** The upper half of the sum. */
export function high(): u32 {
  return <u32>(sum >> 32);
}
