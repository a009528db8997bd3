/**
 * Floating point numbers of COPY's text format as those of its binary format: the nearest one that there is, of two the even one, as
 * strtod finds it. Part of binary-rows.ts.
 *
 * The digits are multiplied by a power of five of 128 bits, which is always exact enough for up to 19 digits: Lemire, "Number parsing at a
 * gigabyte per second" (2021), and Mushtak and Lemire, "Fast number parsing without fallback" (2023).
 */
import { MINUS, POINT, ZERO } from "./copy-text";
import { endsAt, isDigit } from "./binary-values";

export const FLOAT4: u8 = 14;
export const FLOAT8: u8 = 15;

const PLUS: u8 = 43;
const EXPONENT: u8 = 101;

/** "Infinity" and "NaN", the first letter lowest. */
const INFINITY: u64 = 0x7974696e69666e49;
const NOT_A_NUMBER: u32 = 0x4e614e;
const NOT_A_NUMBER_BITS: u32 = 0xffffff;

/** Digits of ten of which any number fits into 64 bits. */
const MOST_DIGITS: u32 = 19;
const LEAST_POWER: i32 = -342;
const MOST_POWER: i32 = 308;

let powers: usize = 0;

/** Where the powers of five lie, as src/postgres/restore/load/powers-of-five.ts makes them. */
export function powersAt(at: usize): void {
  powers = at;
}

/** What the text says, but for its sign: digits, and the power of ten that they are multiplied by. */
let digits: u64 = 0;
let power: i32 = 0;
/** Of the digits, from the first that is not zero on. */
let count: u32 = 0;

export function encodeFloat(kind: u8, from: usize, o: usize): usize {
  const negative = load<u8>(from) == MINUS;
  const first = negative ? from + 1 : from;
  const fraction: u32 = kind == FLOAT8 ? 52 : 23;
  const infinite: u64 = kind == FLOAT8 ? 0x7ff : 0xff;
  let bits: u64 = 0;
  if (load<u64>(first) == INFINITY) {
    bits = infinite << fraction;
    endsAt(first + 8);
  } else if (!negative && (load<u32>(first) & NOT_A_NUMBER_BITS) == NOT_A_NUMBER) {
    bits = ((infinite << 1) | 1) << (fraction - 1);
    endsAt(first + 3);
  } else {
    if (!readDecimal(first)) return 0;
    if (digits != 0) {
      bits = kind == FLOAT8 ? nearest(52, -1023, -4, 23) : nearest(23, -127, -17, 10);
      // The server takes no number that is too large, or too close to zero, to be told from none.
      if (bits == 0 || bits >> fraction >= infinite) return 0;
    }
  }
  if (kind == FLOAT8) {
    store<u64>(o, bswap<u64>(negative ? bits | 0x8000000000000000 : bits));
    return o + 8;
  }
  store<u32>(o, bswap<u32>(negative ? <u32>bits | 0x80000000 : <u32>bits));
  return o + 4;
}

/** Of 12.34 and 1.234e+01; says where it ends. */
function readDecimal(from: usize): bool {
  digits = 0;
  count = 0;
  let at = readDigits(from);
  if (at == from) return false;
  power = 0;
  if (load<u8>(at) == POINT) {
    const point = at + 1;
    at = readDigits(point);
    if (at == point) return false;
    power = <i32>point - <i32>at;
  }
  if (count > MOST_DIGITS) return false;
  if (load<u8>(at) == EXPONENT) {
    const sign = load<u8>(at + 1);
    if (sign != PLUS && sign != MINUS) return false;
    const first = at + 2;
    let exponent: i32 = 0;
    for (at = first; at < first + 3 && isDigit(load<u8>(at)); at++) exponent = exponent * 10 + <i32>(load<u8>(at) - ZERO);
    if (at < first + 2) return false;
    power += sign == MINUS ? -exponent : exponent;
  }
  endsAt(at);
  return true;
}

/** Appends to `digits`. Returns where they end. */
// @ts-ignore: decorator
@inline
function readDigits(from: usize): usize {
  let at = from;
  for (let digit = load<u8>(at) - ZERO; digit < 10; digit = load<u8>(at) - ZERO) {
    digits = digits * 10 + <u64>digit;
    if ((count | <u32>digit) != 0) count++;
    at++;
  }
  return at;
}

/** The upper half of a product, of which multiply() returns the lower one. */
let upper: u64 = 0;

// @ts-ignore: decorator
@inline
function multiply(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const low = a0 * b0;
  const one = a1 * b0 + (low >> 32);
  const other = a0 * b1 + (one & 0xffffffff);
  upper = a1 * b1 + (one >> 32) + (other >> 32);
  return a * b;
}

/**
 * The bits of the number nearest to `digits`, which are not 0, and `power`, without its sign. `fraction`: its stored bits; `least`: the exponent whose
 * stored one is 0; a number can be in the middle of two others for powers from `leastTie` to `mostTie` alone.
 */
// @ts-ignore: decorator
@inline
function nearest(fraction: u32, least: i32, leastTie: i32, mostTie: i32): u64 {
  if (power < LEAST_POWER) return 0;
  if (power > MOST_POWER) return u64.MAX_VALUE;
  const zeros = <u32>clz<u64>(digits);
  const scaled = digits << <u64>zeros;
  const five = powers + ((<usize>(power - LEAST_POWER)) << 4);
  let low = multiply(scaled, load<u64>(five));
  let high = upper;
  const doubtful = u64.MAX_VALUE >> <u64>(fraction + 3);
  if ((high & doubtful) == doubtful) {
    multiply(scaled, load<u64>(five + 8));
    low += upper;
    if (upper > low) high++;
  }
  const top = <u32>(high >> 63);
  const shift = <u64>(top + 61 - fraction);
  let mantissa = high >> shift;
  // The logarithm of ten, as a fraction of 65536.
  let exponent = ((217706 * power) >> 16) + 63 + <i32>top - <i32>zeros - least;
  if (exponent <= 0) {
    if (1 - exponent >= 64) return 0;
    mantissa >>= <u64>(1 - exponent);
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    // What is rounded up to the least usual number has its bits by itself.
    return mantissa;
  }
  const isTie = low <= 1 && power >= leastTie && power <= mostTie && (mantissa & 3) == 1 && mantissa << shift == high;
  if (!isTie) mantissa += mantissa & 1;
  // What is rounded up to the next power of two adds one to the exponent.
  return (mantissa >> 1) + ((<u64>(exponent - 1)) << <u64>fraction);
}
