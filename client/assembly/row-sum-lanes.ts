/** Adds rows to the sum of row-hash.ts, four at a time where they can be. Part of the files beside it. */
import { BACKSLASH, NULL_MARK } from "./copy-text";
import { beginLanes, hashBefore, hashFields, hashWords, lanes, laneSum, setHash } from "./hash-lanes";
import {
  addHashes,
  addRow,
  fields,
  hashEscaped,
  ints,
  longs,
  nullable,
  numberAt,
  seed,
  special,
} from "./row-hash";

/** Of rows up to this length: beside a longer one, a lane reads on so far, and a vector more. */
const LANE_BYTES: usize = 4096;

/** Escapes in the field that was found last, and whether it is null. */
let escapes: u32 = 0;
let isNull: bool = false;

/** Where the field ends that begins at `from`. */
function fieldEnd(from: usize, to: usize): usize {
  escapes = 0;
  isNull = false;
  let at = special(from, to);
  if (at >= to || load<u8>(at) != BACKSLASH) return at;
  for (; at < to && load<u8>(at) == BACKSLASH; at = special(at + 2, to)) escapes++;
  isNull = escapes == 1 && at - from == 2 && load<u8>(from + 1) == NULL_MARK;
  if (isNull) escapes = 0;
  return at;
}

/** Adds four rows, each of which begins where the one before it ends; the last one ends at `to`, all with a line feed. */
function addFour(row0: usize, row1: usize, row2: usize, row3: usize, to: usize): void {
  let at0 = row0;
  let at1 = row1;
  let at2 = row2;
  let at3 = row3;
  let nulls0: u64 = 0;
  let nulls1: u64 = 0;
  let nulls2: u64 = 0;
  let nulls3: u64 = 0;
  beginLanes(seed);
  for (let field: u32 = 0; field < fields; field++) {
    if (at0 >= row1 || at1 >= row2 || at2 >= row3 || at3 >= to) break;
    const bit: u64 = <u64>1 << field;
    const end0 = fieldEnd(at0, row1);
    const escapes0 = escapes;
    const null0 = isNull;
    if (null0) nulls0 |= bit;
    const end1 = fieldEnd(at1, row2);
    const escapes1 = escapes;
    const null1 = isNull;
    if (null1) nulls1 |= bit;
    const end2 = fieldEnd(at2, row3);
    const escapes2 = escapes;
    const null2 = isNull;
    if (null2) nulls2 |= bit;
    const end3 = fieldEnd(at3, to);
    const escapes3 = escapes;
    const null3 = isNull;
    if (null3) nulls3 |= bit;
    if (((ints | longs) & bit) != 0) {
      const value0: i64 = null0 ? 0 : numberAt(at0, end0);
      const value1: i64 = null1 ? 0 : numberAt(at1, end1);
      const value2: i64 = null2 ? 0 : numberAt(at2, end2);
      const value3: i64 = null3 ? 0 : numberAt(at3, end3);
      const low = lanes(<u32>value0, <u32>value1, <u32>value2, <u32>value3);
      if ((longs & bit) == 0) hashWords(low);
      else {
        // hashint8extended folds both halves into one: the upper one follows alone.
        const high = lanes(<u32>(value0 >> 32), <u32>(value1 >> 32), <u32>(value2 >> 32), <u32>(value3 >> 32));
        const negative = i32x4.shr_s(high, 31);
        hashWords(v128.xor(low, v128.xor(high, negative)));
        hashWords(high);
      }
    } else {
      hashFields(
        at0,
        at1,
        at2,
        at3,
        null0 ? 0 : <u32>(end0 - at0),
        null1 ? 0 : <u32>(end1 - at1),
        null2 ? 0 : <u32>(end2 - at2),
        null3 ? 0 : <u32>(end3 - at3),
      );
      if (escapes0 != 0) setHash(0, hashEscaped(at0, end0, escapes0, hashBefore(0)));
      if (escapes1 != 0) setHash(1, hashEscaped(at1, end1, escapes1, hashBefore(1)));
      if (escapes2 != 0) setHash(2, hashEscaped(at2, end2, escapes2, hashBefore(2)));
      if (escapes3 != 0) setHash(3, hashEscaped(at3, end3, escapes3, hashBefore(3)));
    }
    at0 = end0 + 1;
    at1 = end1 + 1;
    at2 = end2 + 1;
    at3 = end3 + 1;
  }
  // Rows that have other fields than they should.
  if (at0 != row1 || at1 != row2 || at2 != row3 || at3 != to) {
    addRow(row0, row1);
    addRow(row1, row2);
    addRow(row2, row3);
    addRow(row3, to);
    return;
  }
  if (<u32>nullable != 0) hashWords(lanes(<u32>nulls0, <u32>nulls1, <u32>nulls2, <u32>nulls3));
  if (nullable >> 32 != 0)
    hashWords(lanes(<u32>(nulls0 >> 32), <u32>(nulls1 >> 32), <u32>(nulls2 >> 32), <u32>(nulls3 >> 32)));
  addHashes(4, laneSum());
}

/** Rows that wait for others: how many, and where they begin; each ends where the next one begins. */
let waiting: u32 = 0;
let first: usize = 0;
let second: usize = 0;
let third: usize = 0;

/** Adds the row at [from, to), which begins where the one before it ended, now or with those behind it: sumWaiting() must come last. */
export function sumUp(from: usize, to: usize): void {
  // Beyond the row a lane would read what is not there.
  if (to - from > LANE_BYTES || to + 2 * LANE_BYTES > <usize>memory.size() << 16) {
    sumWaiting(from);
    addRow(from, to);
  } else if (waiting == 3) {
    waiting = 0;
    addFour(first, second, third, from, to);
  } else {
    if (waiting == 0) first = from;
    else if (waiting == 1) second = from;
    else third = from;
    waiting++;
  }
}

/** Adds those that wait; the last one ends at `to`. */
export function sumWaiting(to: usize): void {
  if (waiting == 0) return;
  addRow(first, waiting > 1 ? second : to);
  if (waiting > 1) addRow(second, waiting > 2 ? third : to);
  if (waiting > 2) addRow(third, to);
  waiting = 0;
}
