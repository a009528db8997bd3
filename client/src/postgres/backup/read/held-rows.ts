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

  async release(sink: RowSink): Promise<void> {
    for (const row of this.rows) {
      await begin(sink, row.length);
      for (let at = 0; at < row.length; ) {
        const taken = sink.write(row, at, row.length);
        if (taken === 0) await sink.room();
        at += taken;
      }
    }
    if (this.next !== null) await begin(sink, this.next);
  }
}

async function begin(sink: RowSink, length: number): Promise<void> {
  if (!sink.begin(length)) await sink.room();
}

function split(bytes: Buffer, ends: readonly number[]): Buffer[] {
  return ends.map((end, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end)));
}

function lineEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; at = ends.at(-1)!) ends.push(bytes.indexOf(LINE_FEED, at) + 1);
  return ends;
}
