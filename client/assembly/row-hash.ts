/**
 * The sum of a hash of each row, from the text that COPY gives: the same that PostgreSQL computes of the values in the table, by the
 * expression of src/postgres/rows/row-sum.ts. Its hashes are Bob Jenkins' lookup3, as PostgreSQL's hash_any_extended has it.
 *
 * State lives in WebAssembly globals, which each instance has for itself; there is no data segment. Part of the files beside it.
 */
import { BACKSLASH, LINE_FEED, MINUS, NULL_MARK, TAB, ZERO, unescaped } from "./copy-text";

export let seed: u64 = 0;
export let fields: u32 = 0;
/** Fields by the bit of their place: of two or four bytes, of eight, and those that may be null. */
export let ints: u64 = 0;
export let longs: u64 = 0;
export let nullable: u64 = 0;
let total: u64 = 0;
let added: u32 = 0;

/** `count` fields, 64 at most, of which those are numbers or may be null whose bits are set. The sum begins anew. */
export function configureSum(first: u64, count: u32, four: u64, eight: u64, mayBeNull: u64): void {
  seed = first;
  fields = count;
  ints = four;
  longs = eight;
  nullable = mayBeNull;
  total = 0;
  added = 0;
}

/** The sum of all rows since it was taken last, which begins anew. */
export function takeSum(): u64 {
  const sum = total;
  total = 0;
  added = 0;
  return sum;
}

/** Adds hashes of so many rows. */
export function addHashes(rows: u32, hashes: u64): void {
  total += hashes;
  added += rows;
}

/** How many rows it is of; call it before takeSum. */
export function summedRows(): u32 {
  return added;
}

/** What lookup3 begins with. */
export const FIRST: u32 = 0x9e3779b9 + 3923095;

let a: u32 = 0;
let b: u32 = 0;
let c: u32 = 0;

// @ts-ignore: decorator
@inline
function mix(): void {
  a -= c; a ^= rotl<u32>(c, 4); c += b;
  b -= a; b ^= rotl<u32>(a, 6); a += c;
  c -= b; c ^= rotl<u32>(b, 8); b += a;
  a -= c; a ^= rotl<u32>(c, 16); c += b;
  b -= a; b ^= rotl<u32>(a, 19); a += c;
  c -= b; c ^= rotl<u32>(b, 4); b += a;
}

// @ts-ignore: decorator
@inline
function finished(): u64 {
  c ^= b; c -= rotl<u32>(b, 14);
  a ^= c; a -= rotl<u32>(c, 11);
  b ^= a; b -= rotl<u32>(a, 25);
  c ^= b; c -= rotl<u32>(b, 16);
  a ^= c; a -= rotl<u32>(c, 4);
  b ^= a; b -= rotl<u32>(a, 14);
  c ^= b; c -= rotl<u32>(b, 24);
  return (<u64>b << 32) | <u64>c;
}

// @ts-ignore: decorator
@inline
function begin(length: u32, h: u64): void {
  a = b = c = FIRST + length;
  if (h == 0) return;
  a += <u32>(h >> 32);
  b += <u32>h;
  mix();
}

/** hash_uint32_extended. */
function hashWord(word: u32, h: u64): u64 {
  begin(4, h);
  a += word;
  return finished();
}

/** Up to three bytes, the first one lowest. */
// @ts-ignore: decorator
@inline
function restOf(at: usize, length: usize): u32 {
  if (length == 0) return 0;
  let word = <u32>load<u8>(at);
  if (length > 1) word |= <u32>load<u8>(at + 1) << 8;
  if (length > 2) word |= <u32>load<u8>(at + 2) << 16;
  return word;
}

/** hash_any_extended of the bytes at [from, to). Of the last block, the lowest byte of c is left to the length. */
function hashBytes(from: usize, to: usize, h: u64): u64 {
  begin(<u32>(to - from), h);
  let at = from;
  // Locals are registers, globals are memory.
  let x = a;
  let y = b;
  let z = c;
  for (; to - at >= 12; at += 12) {
    x += load<u32>(at); y += load<u32>(at + 4); z += load<u32>(at + 8);
    x -= z; x ^= rotl<u32>(z, 4); z += y;
    y -= x; y ^= rotl<u32>(x, 6); x += z;
    z -= y; z ^= rotl<u32>(y, 8); y += x;
    x -= z; x ^= rotl<u32>(z, 16); z += y;
    y -= x; y ^= rotl<u32>(x, 19); x += z;
    z -= y; z ^= rotl<u32>(y, 4); y += x;
  }
  const rest = to - at;
  if (rest < 4) x += restOf(at, rest);
  else {
    x += load<u32>(at);
    if (rest < 8) y += restOf(at + 4, rest - 4);
    else {
      y += load<u32>(at + 4);
      z += restOf(at + 8, rest - 8) << 8;
    }
  }
  a = x; b = y; c = z;
  return finished();
}

/** The same of a field in which `escapes` bytes come behind a backslash. */
export function hashEscaped(from: usize, to: usize, escapes: u32, h: u64): u64 {
  let left = <u32>(to - from) - escapes;
  begin(left, h);
  let place: u32 = 0;
  for (let at = from; at < to; at++) {
    if (place == 12) {
      mix();
      left -= 12;
      place = 0;
    }
    let byte = load<u8>(at);
    if (byte == BACKSLASH) {
      const letter = load<u8>(++at);
      byte = unescaped(letter);
      // Of the others the backslash alone goes.
      if (byte == 0) byte = letter;
    }
    const value = <u32>byte;
    if (place < 4) a += value << (place * 8);
    else if (place < 8) b += value << ((place - 4) * 8);
    else c += value << ((left >= 12 ? place - 8 : place - 7) * 8);
    place++;
  }
  if (place == 12) mix();
  return finished();
}

/** The number that a field is. */
// @ts-ignore: decorator
@inline
export function numberAt(from: usize, to: usize): i64 {
  const negative = load<u8>(from) == MINUS;
  let value: i64 = 0;
  for (let at = negative ? from + 1 : from; at < to; at++) value = value * 10 - <i64>(load<u8>(at) - ZERO);
  return negative ? value : -value;
}

// @ts-ignore: decorator
@inline
function hashInt(from: usize, to: usize, h: u64, eight: bool): u64 {
  const value = numberAt(from, to);
  if (!eight) return hashWord(<u32>value, h);
  // hashint8extended folds both halves into one: the upper one follows alone.
  const upper = <u32>(value >> 32);
  return hashWord(upper, hashWord(<u32>value ^ (value >= 0 ? upper : ~upper), h));
}

/** Where the next byte from `from` on is that ends a field or escapes another; behind `to` - 1 there is none. */
// @ts-ignore: decorator
@inline
export function special(from: usize, to: usize): usize {
  let at = from;
  for (; at + 16 <= to; at += 16) {
    const word = v128.load(at);
    const found = v128.or(
      v128.or(i8x16.eq(word, i8x16.splat(TAB)), i8x16.eq(word, i8x16.splat(LINE_FEED))),
      i8x16.eq(word, i8x16.splat(BACKSLASH)),
    );
    const bits = i8x16.bitmask(found);
    if (bits != 0) return at + <usize>ctz<i32>(bits);
  }
  for (; at < to; at++) {
    const byte = load<u8>(at);
    if (byte == TAB || byte == LINE_FEED || byte == BACKSLASH) return at;
  }
  return to;
}

/** Adds the row that begins at `from`; at `to` - 1 is a line feed, its own or a later one. Returns where it ends. */
export function addRow(from: usize, to: usize): usize {
  let h = seed;
  let nulls: u64 = 0;
  let at = from;
  // A row that has other fields than it should must not be read beyond its memory.
  for (let field: u32 = 0; field < fields && at < to; field++) {
    const start = at;
    let escapes: u32 = 0;
    for (at = special(at, to); at < to && load<u8>(at) == BACKSLASH; at = special(at + 2, to)) escapes++;
    const bit: u64 = <u64>1 << field;
    const isNull = escapes == 1 && at - start == 2 && load<u8>(start + 1) == NULL_MARK;
    if (isNull) nulls |= bit;
    if (((ints | longs) & bit) != 0) {
      const eight = (longs & bit) != 0;
      if (isNull) h = eight ? hashWord(0, hashWord(0, h)) : hashWord(0, h);
      else h = hashInt(start, at, h, eight);
    } else if (isNull) h = hashBytes(start, start, h);
    else h = escapes == 0 ? hashBytes(start, at, h) : hashEscaped(start, at, escapes, h);
    at++;
  }
  if (<u32>nullable != 0) h = hashWord(<u32>nulls, h);
  if (nullable >> 32 != 0) h = hashWord(<u32>(nulls >> 32), h);
  total += h;
  added++;
  return at < to ? at : to;
}
