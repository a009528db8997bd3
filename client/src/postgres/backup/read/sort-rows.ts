/** Puts rows that lie one after another into the order of their first field, a whole number: a small table need not be asked for in order. */

const TAB = 9;
const LINE_FEED = 10;
/** Numbers of so many characters are exact in JavaScript. */
const EXACT_CHARACTERS = 15;

/** The rows at [from, to) of `view`, each with its line feed. Those with the same number stay in their order. */
export function sortRows(view: Buffer, from: number, to: number): void {
  const starts: number[] = [];
  const keys: (number | bigint)[] = [];
  for (let at = from; at < to; at = view.indexOf(LINE_FEED, at) + 1) {
    starts.push(at);
    keys.push(keyAt(view, at));
  }
  const ends = [...starts.slice(1), to];
  const order = starts
    .map((_, i) => i)
    .sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : 0));
  const rows = Buffer.from(view.subarray(from, to));
  let at = from;
  for (const i of order) at += rows.copy(view, at, starts[i]! - from, ends[i]! - from);
}

function keyAt(view: Buffer, from: number): number | bigint {
  let to = from;
  while (view[to] !== TAB && view[to] !== LINE_FEED) to++;
  const text = view.toString("latin1", from, to);
  return to - from <= EXACT_CHARACTERS ? Number(text) : BigInt(text);
}
