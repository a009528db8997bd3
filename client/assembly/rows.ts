/**
 * Takes rows out of the messages of COPY ... TO STDOUT, over memory that the caller provides and shares between threads: a row is copied
 * behind those before it, and its key is hashed. The hashes are those of src/postgres/backup/read/key-hash.ts.
 *
 * State lives in WebAssembly globals, which each instance has for itself; there is no data segment, which would be written under
 * the others when an instance is made.
 */

import { LINE_FEED, MINUS, TAB, ZERO } from "./copy-text";
import { sumUp, sumWaiting } from "./row-sum-lanes";

export { addRow, configureSum, summedRows, takeSum } from "./row-hash";

const COPY_DATA: u8 = 0x64;
/** Type and length of a message; the length counts itself. */
const HEADER_BYTES: usize = 5;
const LENGTH_BYTES: u32 = 4;

const EDGE_BYTES: usize = 64;
const OFFSET: u32 = 0x811c9dc5;
const PRIME: u32 = 0x01000193;

/** What of a row is hashed. */
const FIRST_FIELD: u32 = 0;
const FIELDS: u32 = 1;

let form: u32 = 0;
let fields: u64 = 0;
let last: u32 = 0;
let most: u32 = 0;
let long: u32 = 0;

/** Whether rows are summed up. */
let sums: u32 = 0;

/** The first field of the last row, and whether none was lower than the one before it. */
let key: i64 = i64.MIN_VALUE;
let ascending: u32 = 1;

let begun: u32 = 0;
let rows: u32 = 0;
let longOnes: u32 = 0;
let longTotal: u32 = 0;
let ended: u32 = 0;
let hash: u32 = 0;
let length: u32 = 0;

/**
 * `what`: 0 the first field, 1 the fields whose bits are set in `high` and `low`, 2 both ends of the row. `chunk`: its largest size. `longer`:
 * a row of more bytes is a long one.
 * `summed`: 1 when each row is added to the sum of row-sum.ts.
 */
export function configure(what: u32, low: u32, high: u32, chunk: u32, longer: u32, summed: u32): void {
  sums = summed;
  form = what;
  fields = (<u64>high << 32) | <u64>low;
  last = 63 - <u32>clz<u64>(fields);
  most = chunk;
  long = longer;
  key = i64.MIN_VALUE;
  ascending = 1;
}

// @ts-ignore: decorator
@inline
function fed(h: u32, byte: u8): u32 {
  return (h ^ <u32>byte) * PRIME;
}

function mixed(value: u32): u32 {
  let h = value;
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

function firstField(from: usize, to: usize): u32 {
  let h = OFFSET;
  for (let at = from; at < to; at++) {
    const byte = load<u8>(at);
    if (byte == TAB || byte == LINE_FEED) break;
    h = fed(h, byte);
  }
  return mixed(h);
}

function someFields(from: usize, to: usize): u32 {
  let h = OFFSET;
  let field: u32 = 0;
  let inKey = (fields & 1) != 0;
  for (let at = from; at < to; at++) {
    const byte = load<u8>(at);
    if (byte != TAB && byte != LINE_FEED) {
      if (inKey) h = fed(h, byte);
      continue;
    }
    if (inKey) h = fed(h, TAB);
    if (byte == LINE_FEED || ++field > last) break;
    inKey = ((fields >> field) & 1) != 0;
  }
  return mixed(h);
}

function edges(from: usize, to: usize): u32 {
  let h = OFFSET;
  const head = min<usize>(to, from + EDGE_BYTES);
  for (let at = from; at < head; at++) h = fed(h, load<u8>(at));
  for (let at = max<usize>(head, to - min<usize>(to, EDGE_BYTES)); at < to; at++) h = fed(h, load<u8>(at));
  return mixed(h ^ <u32>(to - from));
}

/**
 * Takes the messages at [at, end) as long as they are whole rows that fit: into a chunk of which `have` bytes lie at `out`, and before
 * `limit`. Returns where it stopped: behind a row that ends a chunk (its hash has no bit of `mask`), or before the first
 * message that it did not take. What it took is in the four results below.
 */
export function take(at: usize, end: usize, out: usize, have: u32, limit: usize, mask: u32): usize {
  begun = have;
  rows = 0;
  ended = 0;
  while (at + HEADER_BYTES <= end && load<u8>(at) == COPY_DATA) {
    const bytes = bswap<u32>(load<u32>(at + 1)) - LENGTH_BYTES;
    const row = at + HEADER_BYTES;
    if (<usize>bytes > end - row || begun + bytes > most || out + begun + bytes > limit) break;
    length = bytes;
    memory.copy(out + begun, row, length);
    at = row + length;
    begun += length;
    if (sums != 0) sumUp(out + begun - length, out + begun);
    rows++;
    hash = hashOf(row, at);
    if ((hash & mask) == 0) {
      ended = 1;
      break;
    }
  }
  sumWaiting(out + begun);
  return at;
}

/**
 * Takes messages as take() does, without a look at where chunks end, up to the row with which they are `mostRows`, or those that are not long
 * `mostBytes`. `keys`: 1 when the first field is a whole number, for isAscending().
 */
export function gather(
  at: usize,
  end: usize,
  out: usize,
  have: u32,
  limit: usize,
  mostRows: u32,
  mostBytes: u32,
  keys: u32,
): usize {
  begun = have;
  countFromZero();
  while (rows < mostRows && begun - have - longTotal < mostBytes && at + HEADER_BYTES <= end && load<u8>(at) == COPY_DATA) {
    const bytes = bswap<u32>(load<u32>(at + 1)) - LENGTH_BYTES;
    const row = at + HEADER_BYTES;
    if (<usize>bytes > end - row || begun + bytes > most || out + begun + bytes > limit) break;
    memory.copy(out + begun, row, bytes);
    if (keys != 0) follow(row);
    at = row + bytes;
    begun += bytes;
    count(bytes);
  }
  return at;
}

function countFromZero(): void {
  rows = 0;
  longOnes = 0;
  longTotal = 0;
}

function count(bytes: u32): void {
  rows++;
  if (bytes <= long) return;
  longOnes++;
  longTotal += bytes;
}

/** The next row, which begins with a whole number, for isAscending(). */
export function follow(at: usize): void {
  const isNegative = load<u8>(at) == MINUS;
  if (isNegative) at++;
  let value: i64 = 0;
  for (; ; at++) {
    const digit: u8 = load<u8>(at) - ZERO;
    if (digit > 9) break;
    value = value * 10 + digit;
  }
  if (isNegative) value = -value;
  if (value < key) ascending = 0;
  key = value;
}

/** Whether no row that was gathered with its key had a lower one than the row before it. */
export function isAscending(): u32 {
  return ascending;
}

/** Where those of the rows at [at, end) end that are `mostRows`, or of which those that are not long have `mostBytes`. takenRows() is how many. */
export function upTo(at: usize, end: usize, mostRows: u32, mostBytes: usize): usize {
  const from = at;
  countFromZero();
  while (at < end && rows < mostRows && at - from - longTotal < mostBytes) {
    const row = at;
    at = rowEnd(row, end);
    count(<u32>(at - row));
  }
  return at;
}

/** Looks at the rows at [at, end), which are whole: returns where the one ends that ends a chunk, or `end`. The results are those of take(). */
export function cut(at: usize, end: usize, mask: u32): usize {
  ended = 0;
  while (at < end) {
    const row = at;
    at = rowEnd(row, end);
    length = <u32>(at - row);
    if (sums != 0) sumUp(row, at);
    hash = hashOf(row, at);
    if ((hash & mask) == 0) {
      ended = 1;
      break;
    }
  }
  sumWaiting(at);
  return at;
}

function hashOf(from: usize, to: usize): u32 {
  return form == FIRST_FIELD ? firstField(from, to) : form == FIELDS ? someFields(from, to) : edges(from, to);
}

/** Behind the line feed of the row at `from`. */
function rowEnd(from: usize, end: usize): usize {
  let at = from;
  for (; at + 16 <= end; at += 16) {
    const bits = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(LINE_FEED)));
    if (bits != 0) return at + <usize>ctz<i32>(bits) + 1;
  }
  while (at < end && load<u8>(at) != LINE_FEED) at++;
  return min<usize>(at + 1, end);
}

/** Bytes of the chunk under way. */
export function begunBytes(): u32 {
  return begun;
}

/** Rows taken. */
export function takenRows(): u32 {
  return rows;
}

/** How many of the rows that gather() or upTo() took are long. */
export function longRows(): u32 {
  return longOnes;
}

/** Bytes of these. */
export function longBytes(): u32 {
  return longTotal;
}

/** Whether the last row ends a chunk. */
export function hasEnded(): u32 {
  return ended;
}

/** Hash of the last row's key. */
export function lastHash(): u32 {
  return hash;
}

/** Bytes of the last row. */
export function lastBytes(): u32 {
  return length;
}
