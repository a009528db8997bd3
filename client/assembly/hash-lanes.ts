/**
 * What row-hash.ts computes of one row, of four at once: each step of lookup3 needs the result of the one before, so one row leaves most of
 * a processor idle. A lane of each vector is a row's. Part of the files beside it.
 */
import { FIRST } from "./row-hash";

const BLOCK_BYTES: u32 = 12;

/** The hashes so far, upper and lower halves. */
let upper: v128 = i32x4(0, 0, 0, 0);
let lower: v128 = i32x4(0, 0, 0, 0);
/** What they were before the last field of bytes. */
let upperBefore: v128 = i32x4(0, 0, 0, 0);
let lowerBefore: v128 = i32x4(0, 0, 0, 0);

/** The state of the hashes under way. */
let x: v128 = i32x4(0, 0, 0, 0);
let y: v128 = i32x4(0, 0, 0, 0);
let z: v128 = i32x4(0, 0, 0, 0);

// @ts-ignore: decorator
@inline
function rot(value: v128, by: i32): v128 {
  return v128.or(i32x4.shl(value, by), i32x4.shr_u(value, 32 - by));
}

/** finished() of row-hash.ts, with what is left added to the state. */
function finish(restX: v128, restY: v128, restZ: v128): void {
  let a = i32x4.add(x, restX);
  let b = i32x4.add(y, restY);
  let c = i32x4.add(z, restZ);
  c = i32x4.sub(v128.xor(c, b), rot(b, 14));
  a = i32x4.sub(v128.xor(a, c), rot(c, 11));
  b = i32x4.sub(v128.xor(b, a), rot(a, 25));
  c = i32x4.sub(v128.xor(c, b), rot(b, 16));
  a = i32x4.sub(v128.xor(a, c), rot(c, 4));
  b = i32x4.sub(v128.xor(b, a), rot(a, 14));
  lower = i32x4.sub(v128.xor(c, b), rot(b, 24));
  upper = b;
}

// @ts-ignore: decorator
@inline
function low32(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
}

// @ts-ignore: decorator
@inline
function high32(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

// @ts-ignore: decorator
@inline
function low64(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}

// @ts-ignore: decorator
@inline
function high64(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

/** Hashes of `lengths` bytes begin with the hashes so far, and take all whole blocks; of those the last is left out for which nothing follows. */
function takeBlocks(lengths: v128, at0: usize, at1: usize, at2: usize, at3: usize): void {
  let p0 = at0;
  let p1 = at1;
  let p2 = at2;
  let p3 = at3;
  let left = lengths;
  let a = i32x4.add(lengths, i32x4.splat(FIRST));
  let b = a;
  let c = a;
  let wordsA = upper;
  let wordsB = lower;
  let wordsC = i32x4.splat(0);
  // A seed of 0 is none.
  let going = i32x4.ne(v128.or(upper, lower), wordsC);
  for (;;) {
    let d = i32x4.add(a, wordsA);
    let e = i32x4.add(b, wordsB);
    let f = i32x4.add(c, wordsC);
    d = v128.xor(i32x4.sub(d, f), rot(f, 4));
    f = i32x4.add(f, e);
    e = v128.xor(i32x4.sub(e, d), rot(d, 6));
    d = i32x4.add(d, f);
    f = v128.xor(i32x4.sub(f, e), rot(e, 8));
    e = i32x4.add(e, d);
    d = v128.xor(i32x4.sub(d, f), rot(f, 16));
    f = i32x4.add(f, e);
    e = v128.xor(i32x4.sub(e, d), rot(d, 19));
    d = i32x4.add(d, f);
    f = v128.xor(i32x4.sub(f, e), rot(e, 4));
    e = i32x4.add(e, d);
    a = v128.bitselect(d, a, going);
    b = v128.bitselect(e, b, going);
    c = v128.bitselect(f, c, going);
    going = i32x4.ge_s(left, i32x4.splat(BLOCK_BYTES));
    if (!v128.any_true(going)) break;
    const r0 = v128.load(p0);
    const r1 = v128.load(p1);
    const r2 = v128.load(p2);
    const r3 = v128.load(p3);
    wordsA = low64(low32(r0, r1), low32(r2, r3));
    wordsB = high64(low32(r0, r1), low32(r2, r3));
    wordsC = low64(high32(r0, r1), high32(r2, r3));
    left = i32x4.sub(left, i32x4.splat(BLOCK_BYTES));
    p0 += BLOCK_BYTES;
    p1 += BLOCK_BYTES;
    p2 += BLOCK_BYTES;
    p3 += BLOCK_BYTES;
  }
  x = a;
  y = b;
  z = c;
}

/** Begins four rows. */
export function beginLanes(seed: u64): void {
  upper = i32x4.splat(<u32>(seed >> 32));
  lower = i32x4.splat(<u32>seed);
}

/** hash_uint32_extended of one word of each row. */
export function hashWords(words: v128): void {
  takeBlocks(i32x4.splat(4), 0, 0, 0, 0);
  finish(words, i32x4.splat(0), i32x4.splat(0));
}

/** What is behind the whole blocks of a field, with zeros behind it. */
// @ts-ignore: decorator
@inline
function rest(at: usize, bytes: u32): v128 {
  const blocks = (bytes / BLOCK_BYTES) * BLOCK_BYTES;
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.and(v128.load(at + blocks), i8x16.lt_s(places, i8x16.splat(<i8>(bytes - blocks))));
}

/** hash_any_extended of one field of each row. */
export function hashFields(at0: usize, at1: usize, at2: usize, at3: usize, n0: u32, n1: u32, n2: u32, n3: u32): void {
  upperBefore = upper;
  lowerBefore = lower;
  takeBlocks(lanes(n0, n1, n2, n3), at0, at1, at2, at3);
  const r0 = rest(at0, n0);
  const r1 = rest(at1, n1);
  const r2 = rest(at2, n2);
  const r3 = rest(at3, n3);
  finish(
    low64(low32(r0, r1), low32(r2, r3)),
    high64(low32(r0, r1), low32(r2, r3)),
    i32x4.shl(low64(high32(r0, r1), high32(r2, r3)), 8),
  );
}

/** A number for each row. */
// @ts-ignore: decorator
@inline
export function lanes(n0: u32, n1: u32, n2: u32, n3: u32): v128 {
  let all = i32x4.splat(n0);
  all = i32x4.replace_lane(all, 1, n1);
  all = i32x4.replace_lane(all, 2, n2);
  return i32x4.replace_lane(all, 3, n3);
}

function hashIn(high: v128, low: v128, row: u32): u64 {
  const bytes = i8x16.splat(<i8>(row * 4));
  const places = i8x16.add(bytes, i8x16(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3));
  const upperHalf = <u64>(<u32>i32x4.extract_lane(i8x16.swizzle(high, places), 0));
  return (upperHalf << 32) | <u64>(<u32>i32x4.extract_lane(i8x16.swizzle(low, places), 0));
}

/** The hash that one of the rows had before its last field of bytes. */
export function hashBefore(row: u32): u64 {
  return hashIn(upperBefore, lowerBefore, row);
}

/** Puts another hash in the place of what one of the rows has. */
export function setHash(row: u32, hash: u64): void {
  const own = i32x4.eq(i32x4.splat(row), i32x4(0, 1, 2, 3));
  upper = v128.bitselect(i32x4.splat(<u32>(hash >> 32)), upper, own);
  lower = v128.bitselect(i32x4.splat(<u32>hash), lower, own);
}

/** The sum of the hashes of the rows. */
export function laneSum(): u64 {
  return hashIn(upper, lower, 0) + hashIn(upper, lower, 1) + hashIn(upper, lower, 2) + hashIn(upper, lower, 3);
}
