/** Values of COPY's text format as those of its binary format: all but times. Part of binary-rows.ts. */
import { BACKSLASH, LINE_FEED, MINUS, POINT, TAB, ZERO, unescaped } from "./copy-text";

export const INT2: u8 = 2;
export const INT4: u8 = 3;
export const INT8: u8 = 4;
export const OID: u8 = 5;

/** Digits of ten of which any number fits into 64 bits. */
const MOST_DIGITS: usize = 19;
const MOST_FRACTION_DIGITS: usize = 16_383;
const MOST_WHOLE_DIGITS: usize = 100_000;

/** Where the value ends that was written last, in the text. */
export let next: usize = 0;
/** Whether there was no room for it. */
export let noRoom: bool = false;

// @ts-ignore: decorator
@inline
export function endsAt(at: usize): void {
  next = at;
}

/** A row begins. */
// @ts-ignore: decorator
@inline
export function forgetRoom(): void {
  noRoom = false;
}

export function encodeText(from: usize, to: usize, limit: usize): usize {
  let at = from;
  let o = to;
  for (;;) {
    if (o + 16 > limit) {
      noRoom = true;
      return 0;
    }
    const word = v128.load(at);
    v128.store(o, word);
    const found = v128.or(
      v128.or(i8x16.eq(word, i8x16.splat(TAB)), i8x16.eq(word, i8x16.splat(LINE_FEED))),
      i8x16.eq(word, i8x16.splat(BACKSLASH)),
    );
    const bits = i8x16.bitmask(found);
    if (bits == 0) {
      at += 16;
      o += 16;
      continue;
    }
    const before = <usize>ctz<i32>(bits);
    at += before;
    o += before;
    if (load<u8>(at) != BACKSLASH) break;
    const byte = unescaped(load<u8>(at + 1));
    if (byte == 0) return 0;
    store<u8>(o, byte);
    at += 2;
    o++;
  }
  next = at;
  return o;
}

// @ts-ignore: decorator
@inline
export function isDigit(byte: u8): bool {
  return byte - ZERO < 10;
}

/** Behind the digits from `from` on. */
// @ts-ignore: decorator
@inline
function digitsEnd(from: usize): usize {
  let at = from;
  while (isDigit(load<u8>(at))) at++;
  return at;
}

export function encodeInteger(kind: u8, from: usize, o: usize): usize {
  const negative = load<u8>(from) == MINUS;
  let at = negative ? from + 1 : from;
  const first = at;
  let value: u64 = 0;
  for (let digit = load<u8>(at) - ZERO; digit < 10; digit = load<u8>(at) - ZERO) {
    value = value * 10 + <u64>digit;
    at++;
  }
  if (at == first || at - first > MOST_DIGITS) return 0;
  next = at;
  // A negative number may be one further from zero.
  const more: u64 = negative ? 1 : 0;
  const signed = negative ? 0 - value : value;
  switch (kind) {
    case INT2:
      if (value > 0x7fff + more) return 0;
      store<u16>(o, bswap<u16>(<u16>signed));
      return o + 2;
    case INT4:
      if (value > 0x7fffffff + more) return 0;
      store<u32>(o, bswap<u32>(<u32>signed));
      return o + 4;
    case INT8:
      if (value > 0x7fffffffffffffff + more) return 0;
      store<u64>(o, bswap<u64>(signed));
      return o + 8;
    case OID:
      if (negative || value > 0xffffffff) return 0;
      store<u32>(o, bswap<u32>(<u32>value));
      return o + 4;
    default:
      return 0;
  }
}

/** 16 and more: none. */
// @ts-ignore: decorator
@inline
function hexDigit(byte: u8): u32 {
  const digit = <u32>byte - 48;
  if (digit < 10) return digit;
  const letter = <u32>byte - 97;
  return letter < 6 ? letter + 10 : 16;
}

/** The byte of two hexadecimal digits; 256 and more: none. */
// @ts-ignore: decorator
@inline
function hexByte(at: usize): u32 {
  const high = hexDigit(load<u8>(at));
  const low = hexDigit(load<u8>(at + 1));
  return (high | low) > 15 ? 256 : (high << 4) | low;
}

/** Of `\\x` and hexadecimal digits; COPY doubles the backslash. */
export function encodeBytes(from: usize, to: usize, limit: usize): usize {
  if (load<u8>(from) != BACKSLASH || load<u8>(from + 1) != BACKSLASH || load<u8>(from + 2) != 120) return 0;
  let o = to;
  let at = from + 3;
  for (; load<u8>(at) != TAB && load<u8>(at) != LINE_FEED; at += 2) {
    const byte = hexByte(at);
    if (byte > 255) return 0;
    if (o + 1 > limit) {
      noRoom = true;
      return 0;
    }
    store<u8>(o++, <u8>byte);
  }
  next = at;
  return o;
}

export function encodeUuid(from: usize, to: usize): usize {
  let at = from;
  for (let i: usize = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (load<u8>(at) != MINUS) return 0;
      at++;
    }
    const byte = hexByte(at);
    if (byte > 255) return 0;
    store<u8>(to + i, <u8>byte);
    at += 2;
  }
  next = at;
  return to + 16;
}

/** As groups of four digits, counted from the point. */
export function encodeNumeric(from: usize, o: usize, limit: usize): usize {
  const negative = load<u8>(from) == MINUS;
  const first = negative ? from + 1 : from;
  const point = digitsEnd(first);
  const whole = point - first;
  const fractional = load<u8>(point) == POINT;
  const stop = fractional ? digitsEnd(point + 1) : point;
  const fraction = fractional ? stop - point - 1 : 0;
  if (whole == 0 || (fractional && fraction == 0)) return 0;
  if (whole > MOST_WHOLE_DIGITS || fraction > MOST_FRACTION_DIGITS) return 0;
  const groups = (whole + 3) / 4 + (fraction + 3) / 4;
  if (o + 8 + groups * 2 > limit) {
    noRoom = true;
    return 0;
  }
  store<u16>(o, bswap<u16>(<u16>groups));
  store<u16>(o + 2, bswap<u16>(<u16>((whole + 3) / 4 - 1)));
  store<u16>(o + 4, bswap<u16>(negative ? 0x4000 : 0));
  store<u16>(o + 6, bswap<u16>(<u16>fraction));
  let to = o + 8;
  let group: u32 = 0;
  for (let at = first; at < point; at++) {
    group = group * 10 + <u32>(load<u8>(at) - ZERO);
    if ((point - at) % 4 != 1) continue;
    store<u16>(to, bswap<u16>(<u16>group));
    to += 2;
    group = 0;
  }
  for (let i: usize = 0; i < (fraction + 3) / 4 * 4; i++) {
    group = group * 10 + (i < fraction ? <u32>(load<u8>(point + 1 + i) - ZERO) : 0);
    if (i % 4 != 3) continue;
    store<u16>(to, bswap<u16>(<u16>group));
    to += 2;
    group = 0;
  }
  next = stop;
  return to;
}
