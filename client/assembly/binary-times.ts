/** Days and times of COPY's text format as those of its binary format. Part of binary-rows.ts. */
import { MINUS, POINT, ZERO } from "./copy-text";
import { endsAt, isDigit, next } from "./binary-values";

export const DATE: u8 = 9;
export const TIME: u8 = 10;
export const TIMESTAMP: u8 = 11;
export const TIMESTAMPTZ: u8 = 12;

const PLUS: u8 = 43;
const COLON: u8 = 58;
const SPACE: u8 = 32;

/** "infinity", the first letter lowest. */
const INFINITY: u64 = 0x7974696e69666e69;
const DAY_MICROSECONDS: i64 = 86_400_000_000;
/** Days from the first of March of the year 0 to the first of January 2000. */
const DAYS_TO_2000: i32 = 730_425;

/** The number of two digits; 100 and more: none. */
// @ts-ignore: decorator
@inline
function two(at: usize): u32 {
  const high = <u32>load<u8>(at) - 48;
  const low = <u32>load<u8>(at + 1) - 48;
  return high > 9 || low > 9 ? 100 : high * 10 + low;
}

export function encodeTime(kind: u8, from: usize, o: usize): usize {
  const endless = kind == TIME ? 0 : endlessSign(from);
  if (endless != 0) {
    endsAt(from + (endless < 0 ? 9 : 8));
    if (kind == DATE) store<u32>(o, bswap<u32>(endless < 0 ? 0x80000000 : 0x7fffffff));
    else store<u64>(o, bswap<u64>(endless < 0 ? 0x8000000000000000 : 0x7fffffffffffffff));
    return o + (kind == DATE ? 4 : 8);
  }
  let at = from;
  let days: i32 = 0;
  if (kind != TIME) {
    days = daysOf(from);
    if (days == i32.MIN_VALUE) return 0;
    at = from + 10;
    if (kind == DATE) {
      store<u32>(o, bswap<u32>(<u32>days));
      endsAt(at);
      return o + 4;
    }
    if (load<u8>(at++) != SPACE) return 0;
  }
  const microseconds = microsecondsOf(at);
  if (microseconds < 0) return 0;
  if (kind == TIMESTAMPTZ) {
    if (load<u8>(next) != PLUS || two(next + 1) != 0) return 0;
    endsAt(next + 3);
  }
  store<u64>(o, bswap<u64>(<u64>(<i64>days * DAY_MICROSECONDS + microseconds)));
  return o + 8;
}

/** 1 of `infinity`, -1 of `-infinity`, 0 of anything else. */
// @ts-ignore: decorator
@inline
function endlessSign(at: usize): i32 {
  if (load<u8>(at) == MINUS) return load<u64>(at + 1) == INFINITY ? -1 : 0;
  return load<u64>(at) == INFINITY ? 1 : 0;
}

/** Of a day as 2001-12-31, from the first of January 2000 on; the least number when it is none. */
function daysOf(at: usize): i32 {
  const century = two(at);
  const ofCentury = two(at + 2);
  const month = two(at + 5);
  const day = two(at + 8);
  if (century > 99 || ofCentury > 99 || load<u8>(at + 4) != MINUS || load<u8>(at + 7) != MINUS) return i32.MIN_VALUE;
  const year = century * 100 + ofCentury;
  if (year == 0 || month == 0 || month > 12 || day == 0 || day > daysOfMonth(year, month)) return i32.MIN_VALUE;
  // Years that begin in March end with the day that not all of them have.
  const y = <i32>(month > 2 ? year : year - 1);
  const m = <i32>(month > 2 ? month - 3 : month + 9);
  return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + <i32>day - 1 - DAYS_TO_2000;
}

// @ts-ignore: decorator
@inline
function daysOfMonth(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** Of 23:59:59 with up to six digits of a fraction; says where it ends. Below 0 when it is none. */
function microsecondsOf(from: usize): i64 {
  const hour = two(from);
  const minute = two(from + 3);
  const second = two(from + 6);
  if (load<u8>(from + 2) != COLON || load<u8>(from + 5) != COLON || hour > 23 || minute > 59 || second > 59) return -1;
  let at = from + 8;
  let fraction: u32 = 0;
  if (load<u8>(at) == POINT) {
    const stop = at + 7;
    let unit: u32 = 1_000_000;
    for (at++; at < stop && isDigit(load<u8>(at)); at++) {
      unit /= 10;
      fraction += <u32>(load<u8>(at) - ZERO) * unit;
    }
    if (unit == 1_000_000) return -1;
  }
  endsAt(at);
  return (<i64>(hour * 3600 + minute * 60 + second)) * 1_000_000 + <i64>fraction;
}
