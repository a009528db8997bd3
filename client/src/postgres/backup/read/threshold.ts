/** How many rows make a chunk. */

/** What a chunk should have on average: one changed row costs a delta against so much. */
const MEAN_BYTES = 64 << 10;

/** A threshold is kept while the deciding rows make chunks between these. */
const LEAST_MEAN_BYTES = 16 << 10;
const MOST_MEAN_BYTES = 256 << 10;

/** No chunk is longer, whatever the hashes say; longer rows are cut. */
export const MAX_CHUNK_BYTES: number = 512 << 10;

/** The first rows of a table that decide: so many, or of so many bytes. The same rows give the same threshold, on every server. */
export const DECIDING_ROWS = 1000;
export const DECIDING_BYTES: number = 256 << 10;

/** Longer rows have chunks nearly of their own, and may be few: they count as if they had so much, and decide only when they are this much together. */
export const LONG_BYTES: number = MEAN_BYTES;
export const MOST_DECIDING_BYTES: number = 4 << 20;

/** Rows that are cut themselves, before all others, tell nothing of them; of so many. */
export const SKIPPED_ROWS = 16;

/** The rows that decide, as they come. */
export class DecidingRows {
  private rows = 0;
  private skipped = 0;
  private longRows = 0;
  private shortBytes = 0;
  private longBytes = 0;

  /** The next row; whether the rows are enough with it. */
  add(length: number): boolean {
    if (this.rows === 0 && length > MAX_CHUNK_BYTES && this.skipped++ < SKIPPED_ROWS) return false;
    const isLong = length > LONG_BYTES;
    return this.addAll(1, length, isLong ? 1 : 0, isLong ? length : 0);
  }

  /** Of the rows and bytes, so many are long rows and theirs. */
  addAll(rows: number, bytes: number, longRows: number, longBytes: number): boolean {
    this.rows += rows;
    this.longRows += longRows;
    this.shortBytes += bytes - longBytes;
    this.longBytes += longBytes;
    return (
      this.missingRows <= 0 ||
      this.missingBytes <= 0 ||
      this.shortBytes + this.longBytes >= MOST_DECIDING_BYTES
    );
  }

  /** Rows, or bytes of rows that are not long, without which they are not enough. */
  get missingRows(): number {
    return DECIDING_ROWS - this.rows;
  }
  get missingBytes(): number {
    return DECIDING_BYTES - this.shortBytes;
  }

  /** Whether a long row may be enough by its bytes, were it among several that are taken at once: of so many as fit into a chunk. */
  get isNearMost(): boolean {
    return this.shortBytes + this.longBytes > MOST_DECIDING_BYTES - MAX_CHUNK_BYTES;
  }

  /** `before`: as in thresholdFor. */
  threshold(before: number): number {
    return thresholdFor(this.shortBytes + this.longRows * LONG_BYTES, this.rows, before);
  }
}

/** What rows of these lengths decide; null when there are more and these are not enough. */
export function decideFrom(lengths: readonly number[], isAll: boolean, before = 0): number | null {
  const deciding = new DecidingRows();
  const isEnough = lengths.some((length) => deciding.add(length));
  return isEnough || isAll ? deciding.threshold(before) : null;
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
