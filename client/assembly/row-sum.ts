/** The sum of a hash of each row, over memory that the caller provides, of rows that lie one behind another. */
import { LINE_FEED } from "./copy-text";
import { sumUp, sumWaiting } from "./row-sum-lanes";

export { addRow, configureSum, summedRows, takeSum } from "./row-hash";

/** Behind the first line feed from `from` on, of which there is one before `to`. */
function rowEnd(from: usize, to: usize): usize {
  let at = from;
  for (; at + 16 <= to; at += 16) {
    const bits = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(LINE_FEED)));
    if (bits != 0) return at + <usize>ctz<i32>(bits) + 1;
  }
  while (load<u8>(at) != LINE_FEED) at++;
  return at + 1;
}

/** Adds the whole rows at [from, to). Returns where the first one begins that has no line feed. */
export function addRows(from: usize, to: usize): usize {
  let end = to;
  while (end > from && load<u8>(end - 1) != LINE_FEED) end--;
  for (let at = from; at < end; ) {
    const next = rowEnd(at, end);
    sumUp(at, next);
    at = next;
  }
  sumWaiting(end);
  return end;
}
