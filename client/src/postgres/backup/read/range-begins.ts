/** How large the ranges of a table are: large ones first, small ones last, so that all who read end at about the same time. */

/** Smaller parts are not worth a query of their own. */
const LEAST_RANGE_BYTES = 16 << 20;
/** Of a very large table: what one thread holds of its list stays small. */
const MOST_RANGE_BYTES = 256 << 20;

/**
 * What share of a table comes before each of its ranges but the first; none when it is worth one range. Each range is half of what
 * every reader's share of the rest would be: whoever was slow at the first ones takes fewer of the last.
 */
export function rangeBegins(bytes: number, jobs: number): number[] {
  const begins: number[] = [];
  for (let at = 0; ; ) {
    const rest = bytes - at;
    const share = jobs > 1 ? rest / (2 * jobs) : rest;
    at += Math.min(MOST_RANGE_BYTES, Math.max(LEAST_RANGE_BYTES, share));
    if (bytes - at < LEAST_RANGE_BYTES) return begins;
    begins.push(at / bytes);
  }
}
