/**
 * Rows of COPY's text format as rows of its binary format, over memory that the caller provides: the server then need not look for the
 * ends of values, nor read numbers and times. Only what COPY itself prints is taken, and of some types alone
 * (src/postgres/restore/load/binary-kinds.ts); the first row that is otherwise stops it.
 *
 * State lives in WebAssembly globals, which each instance has for itself; there is no data segment.
 */
import { BACKSLASH, LINE_FEED, NULL_MARK, TAB } from "./copy-text";
import { encodeFloat, FLOAT4, FLOAT8 } from "./binary-floats";
import { DATE, encodeTime, TIME, TIMESTAMP, TIMESTAMPTZ } from "./binary-times";
import {
  encodeBytes,
  encodeInteger,
  encodeNumeric,
  encodeText,
  encodeUuid,
  endsAt,
  forgetRoom,
  next,
  noRoom,
} from "./binary-values";

export { powersAt } from "./binary-floats";

/** As src/postgres/restore/load/binary-kinds.ts numbers them; those that are not here are beside what encodes them. */
const TEXT: u8 = 0;
const JSONB: u8 = 1;
const BOOL: u8 = 6;
const BYTEA: u8 = 7;
const UUID: u8 = 8;
const NUMERIC: u8 = 13;

const JSONB_VERSION: u8 = 1;

const NO_VALUE: u32 = 0xffffffff;
/** Of a value: its length stands before it. */
const LENGTH_BYTES: usize = 4;
/** At least as much as any value needs whose length does not depend on what it is, with what is written beyond its end. */
const ROOM_BYTES: usize = 48;

const WHOLE: u32 = 0;
const FULL: u32 = 1;
const OTHER: u32 = 2;

let stopped: u32 = 0;
let end: usize = 0;

/** Why encodeRows stopped: 0 behind the last whole row, 1 before one for which there was no room, 2 before one that it does not take. */
export function reason(): u32 {
  return stopped;
}

/** Where the last whole row ends that encodeRows wrote. */
export function encodedEnd(): usize {
  return end;
}

/**
 * Writes the whole rows at [from, to) to `out`, as many as fit before `limit`; `kinds`: where the kinds of the `count` columns lie. Returns
 * behind the last one. 16 bytes behind `to` may be read.
 */
export function encodeRows(from: usize, to: usize, kinds: usize, count: u32, out: usize, limit: usize): usize {
  let last = to;
  while (last > from && load<u8>(last - 1) != LINE_FEED) last--;
  stopped = WHOLE;
  end = out;
  let at = from;
  while (at < last) {
    at = encodeRow(at, kinds, count, limit);
    if (stopped != WHOLE) break;
  }
  return at;
}

/** Writes the row to `end`. Returns where the next one begins; where it began itself when it was not written. */
function encodeRow(row: usize, kinds: usize, count: u32, limit: usize): usize {
  forgetRoom();
  let at = row;
  let o = end;
  if (o + ROOM_BYTES > limit) return stop(FULL, row);
  store<u16>(o, bswap<u16>(<u16>count));
  o += 2;
  for (let field: u32 = 0; field < count; field++) {
    if (o + ROOM_BYTES > limit) return stop(FULL, row);
    if (isNull(at)) {
      store<u32>(o, NO_VALUE);
      o += LENGTH_BYTES;
      endsAt(at + 2);
    } else {
      const value = o + LENGTH_BYTES;
      o = encodeValue(load<u8>(kinds + field), at, value, limit);
      if (o == 0) return stop(noRoom ? FULL : OTHER, row);
      store<u32>(value - LENGTH_BYTES, bswap<u32>(<u32>(o - value)));
    }
    if (load<u8>(next) != (field + 1 == count ? LINE_FEED : TAB)) return stop(OTHER, row);
    at = next + 1;
  }
  end = o;
  return at;
}

function stop(why: u32, row: usize): usize {
  stopped = why;
  return row;
}

// @ts-ignore: decorator
@inline
function isNull(at: usize): bool {
  if (load<u8>(at) != BACKSLASH || load<u8>(at + 1) != NULL_MARK) return false;
  const behind = load<u8>(at + 2);
  return behind == TAB || behind == LINE_FEED;
}

/** Writes a value to `o`. Returns where it ends; 0 when it was not written. */
function encodeValue(kind: u8, at: usize, o: usize, limit: usize): usize {
  switch (kind) {
    case TEXT:
      return encodeText(at, o, limit);
    case JSONB:
      store<u8>(o, JSONB_VERSION);
      return encodeText(at, o + 1, limit);
    case BOOL: {
      const letter = load<u8>(at);
      if (letter != 116 && letter != 102) return 0;
      store<u8>(o, letter == 116 ? 1 : 0);
      endsAt(at + 1);
      return o + 1;
    }
    case BYTEA:
      return encodeBytes(at, o, limit);
    case UUID:
      return encodeUuid(at, o);
    case NUMERIC:
      return encodeNumeric(at, o, limit);
    case DATE:
    case TIME:
    case TIMESTAMP:
    case TIMESTAMPTZ:
      return encodeTime(kind, at, o);
    case FLOAT4:
    case FLOAT8:
      return encodeFloat(kind, at, o);
    default:
      return encodeInteger(kind, at, o);
  }
}
