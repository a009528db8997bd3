/** Rows that come before it is decided where chunks end, and are too many for one chunk: they are cut when it is. */
import type { RowSink } from "./row-sink.ts";
import type { DecidingRows } from "./threshold.ts";

const LINE_FEED = 10;

export class HeldRows {
  private readonly deciding: DecidingRows;
  private readonly rows: Buffer[];
  private filled = 0;
  /** Bytes of the row with which they are enough. */
  private next: number | null = null;

  /** `deciding` knows the first ones. `bytes`: of these, `ends`: where they end in it; null for lines. */
  constructor(deciding: DecidingRows, bytes: Buffer, ends: readonly number[] | null) {
    this.deciding = deciding;
    this.rows = split(bytes, ends ?? lineEnds(bytes));
  }

  get count(): number {
    return this.rows.length;
  }

  /** False when they are enough with this row: release() begins it. */
  begin(length: number): boolean {
    if (this.deciding.add(length)) {
      this.next = length;
      return false;
    }
    this.rows.push(Buffer.allocUnsafe(length));
    this.filled = 0;
    return true;
  }

  write(source: Buffer, from: number, to: number): number {
    source.copy(this.rows.at(-1)!, this.filled, from, to);
    this.filled += to - from;
    return to - from;
  }

  /** What is abandoned while it waits gets nothing more. */
  async release(sink: RowSink & { readonly isAbandoned: boolean }): Promise<void> {
    for (const row of this.rows) {
      if (!sink.begin(row.length)) await sink.room();
      for (let at = 0; at < row.length && !sink.isAbandoned; ) {
        const taken = sink.write(row, at, row.length);
        if (taken === 0) await sink.room();
        at += taken;
      }
      if (sink.isAbandoned) return;
    }
    if (this.next !== null && !sink.begin(this.next)) await sink.room();
  }
}

function split(bytes: Buffer, ends: readonly number[]): Buffer[] {
  return ends.map((end, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end)));
}

function lineEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; at = ends.at(-1)!) ends.push(bytes.indexOf(LINE_FEED, at) + 1);
  return ends;
}
