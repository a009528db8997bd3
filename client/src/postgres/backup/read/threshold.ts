/** How many rows make a chunk. */

/** What a chunk should have on average: one changed row costs a delta against so much. */
const MEAN_BYTES = 64 << 10;

/** A threshold is kept while the deciding rows make chunks between these. */
const LEAST_MEAN_BYTES = 16 << 10;
const MOST_MEAN_BYTES = 256 << 10;

/** No chunk is longer, whatever the hashes say; longer rows are cut. */
export const MAX_CHUNK_BYTES: number = 512 << 10;

/** The first rows of a table that decide: the same rows give the same threshold, on every server. */
export const DECIDING_ROWS = 1000;
export const DECIDING_BYTES: number = 256 << 10;

/** Whether so many rows of so many bytes are enough. */
export function isDecided(bytes: number, rows: number): boolean {
  return rows >= DECIDING_ROWS || bytes >= DECIDING_BYTES;
}

/** What a row cutter decides that gets rows of these lengths; null when it would wait for more. `before`: as in thresholdFor. */
export function decideFrom(lengths: readonly number[], before = 0): number | null {
  let bytes = 0;
  for (const [rows, length] of lengths.entries()) {
    if (length > MAX_CHUNK_BYTES || bytes + length > MAX_CHUNK_BYTES)
      return thresholdFor(bytes, rows, before);
    bytes += length;
    if (isDecided(bytes, rows + 1)) return thresholdFor(bytes, rows + 1, before);
  }
  return null;
}

/**
 * A power of two: one row in so many ends a chunk. `bytes` and `rows`: of those that decide. `before`: what the previous backup decided
 * (0: nothing), kept while it still makes chunks of a good size. It depends on nothing else, so that rows which did not change are cut as
 * they were: for all of its results r, thresholdFor(bytes, rows, r) is r.
 */
export function thresholdFor(bytes: number, rows: number, before = 0): number {
  const each = rows === 0 ? MEAN_BYTES : Math.max(1, bytes / rows);
  const mean = each * before;
  if (mean >= LEAST_MEAN_BYTES && mean <= MOST_MEAN_BYTES && isPowerOfTwo(before)) return before;
  return 2 ** Math.min(20, Math.max(0, Math.round(Math.log2(MEAN_BYTES / each))));
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}
