/** Goes through two texts of rows side by side: what is the same on both is not taken apart. */
import { fieldsOf } from "./row-fields.ts";
import type { RowMatcher } from "./row-matcher.ts";
import type { RowText } from "./row-text.ts";

const TAB = 9;
const LINE_FEED = 10;
/** Compared with one call. */
const BLOCK_BYTES = 4096;
/** So far a row is looked for on the other side, behind rows that only that side has. */
const AHEAD_BYTES = 4096;

/** Tells the matcher of all rows but those that are the same. `fields`: indexes of the key's; null without a key. */
export async function alignRows(
  old: RowText,
  fresh: RowText,
  fields: readonly number[] | null,
  matcher: RowMatcher,
): Promise<void> {
  while ((await old.more()) && (await fresh.more())) {
    while (old.at < old.end && fresh.at < fresh.end) alignNext(old, fresh, fields, matcher);
  }
  while (await old.more()) matcher.gone(old.take());
  while (await fresh.more()) matcher.come(fresh.take());
}

function alignNext(
  old: RowText,
  fresh: RowText,
  fields: readonly number[] | null,
  matcher: RowMatcher,
): void {
  skipSame(old, fresh);
  if (old.at === old.end || fresh.at === fresh.end) return;
  if (fields !== null && haveSameKey(old, fresh, fields)) {
    matcher.updated();
    old.skip();
    fresh.skip();
    return;
  }
  const inFresh = placeOf(old, fresh);
  const inOld = inFresh < 0 ? placeOf(fresh, old) : -1;
  while (fresh.at < inFresh) matcher.come(fresh.take());
  while (old.at < inOld) matcher.gone(old.take());
  if (inFresh >= 0 || inOld >= 0) return;
  matcher.gone(old.take());
  matcher.come(fresh.take());
}

/** Moves both on to the first rows that are not the same. */
function skipSame(one: RowText, other: RowText): void {
  const most = Math.min(one.end - one.at, other.end - other.at);
  let same = 0;
  for (; most - same >= BLOCK_BYTES; same += BLOCK_BYTES) {
    const [here, there] = [one.at + same, other.at + same];
    if (one.bytes.compare(other.bytes, there, there + BLOCK_BYTES, here, here + BLOCK_BYTES) !== 0) break;
  }
  while (same < most && one.bytes[one.at + same] === other.bytes[other.at + same]) same++;
  while (same > 0 && one.bytes[one.at + same - 1] !== LINE_FEED) same--;
  one.at += same;
  other.at += same;
}

function haveSameKey(one: RowText, other: RowText, fields: readonly number[]): boolean {
  if (fields.length > 1 || fields[0] !== 0)
    return fieldsOf(one.row(), fields) === fieldsOf(other.row(), fields);
  for (let i = 0; ; i++) {
    const byte = one.bytes[one.at + i];
    if (byte !== other.bytes[other.at + i]) return isEnd(byte) && isEnd(other.bytes[other.at + i]);
    if (isEnd(byte)) return true;
  }
}

function isEnd(byte: number | undefined): boolean {
  return byte === TAB || byte === LINE_FEED;
}

/** Where the row at hand of the one is among the next rows of the other; -1 where it is not. */
function placeOf(one: RowText, other: RowText): number {
  const row = one.bytes.subarray(one.at, one.rowEnd());
  const ahead = other.bytes.subarray(other.at, Math.min(other.end, other.at + AHEAD_BYTES + row.length));
  const place = ahead.indexOf(row);
  return place > 0 && ahead[place - 1] === LINE_FEED ? other.at + place : -1;
}
