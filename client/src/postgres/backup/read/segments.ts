/** Segments: runs of chunks of a table with the sum of their rows, so that the next backup can ask the server which of them changed. */

export interface Segment {
  chunks: number;
  rows: number;
  /** Of the rows' text. */
  bytes: number;
  /** See rows/row-sum.ts; null when it is not known: such a segment is always read. */
  sum: bigint | null;
  /** The values of the key up to which its rows are; null: to the end of the table. Rows begin behind those of the segment before. */
  upTo: readonly string[] | null;
}

/** The segments of a whole table, in order. */
export interface TableSums {
  seed: bigint;
  /** Of what the sums and the order of rows depend on, hex: of other columns or another key they mean nothing. */
  signature: string;
  segments: Segment[];
}

/** A table has so many at most, and each at least so many bytes: about four chunks, since one changed row has its segment read. */
const MOST_SEGMENTS = 32_768;
const LEAST_BYTES = 256 << 10;

/** Bytes after which a segment of a table of `bytes` bytes ends with the next chunk. */
export function segmentBytes(bytes: number): number {
  return Math.max(LEAST_BYTES, Math.ceil(bytes / MOST_SEGMENTS));
}

/** Gathers segments of a range of a table, as its chunks come. */
export class SegmentRecorder {
  readonly segments: Segment[] = [];
  private readonly least: number;
  private chunks = 0;
  private rows = 0;
  private bytes = 0;
  private sum: bigint | null = 0n;

  /** `least`: bytes of a segment. */
  constructor(least: number) {
    this.least = least;
  }

  /** A chunk has come. `rows` and `sum` are those of all rows since the chunk before. */
  chunk(bytes: number, rows: number, sum: bigint | null): void {
    this.chunks++;
    this.bytes += bytes;
    this.rows += rows;
    this.sum = this.sum === null || sum === null ? null : BigInt.asUintN(64, this.sum + sum);
  }

  /** Whether a segment should end here. */
  get isFull(): boolean {
    return this.bytes >= this.least;
  }

  /** Ends the segment under way, if there is one. */
  end(upTo: readonly string[] | null): void {
    if (this.chunks === 0) return;
    const { chunks, rows, bytes, sum } = this;
    this.segments.push({ chunks, rows, bytes, sum, upTo });
    this.chunks = 0;
    this.rows = 0;
    this.bytes = 0;
    this.sum = 0n;
  }

  /** A segment of the previous backup stands for itself; what is under way ends where it begins. */
  keep(segment: Segment, after: readonly string[] | null): void {
    this.end(after);
    this.segments.push(segment);
  }

  /** The range ends: all keys up to there belong to a segment, also where no row is now. */
  finish(upTo: readonly string[] | null): void {
    this.end(upTo);
    const last = this.segments.at(-1);
    if (last === undefined || JSON.stringify(last.upTo) !== JSON.stringify(upTo))
      this.segments.push({ chunks: 0, rows: 0, bytes: 0, sum: 0n, upTo });
  }
}

/** How many segments come before each of these shares of a table: ascending, and some segments on both sides. */
export function segmentEnds(shares: readonly number[], segments: readonly Segment[]): number[] {
  const total = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  const ends: number[] = [];
  let bytes = 0;
  let next = 0;
  for (let i = 0; i + 1 < segments.length; i++) {
    bytes += segments[i]!.bytes;
    if (bytes < total * (shares[next] ?? 1)) continue;
    while (next < shares.length && bytes >= total * shares[next]!) next++;
    ends.push(i + 1);
  }
  return ends;
}
