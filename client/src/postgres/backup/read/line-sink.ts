/** Keeps the rows of a small COPY, to look at them. */
import type { RowSink } from "./row-sink.ts";

export class LineSink implements RowSink {
  readonly lengths: number[] = [];
  readonly lines: Buffer[] = [];
  bytes = 0;
  private readonly most: number;
  private line: Buffer = Buffer.alloc(0);
  private filled = 0;

  /** Of rows beyond `most` bytes only the lengths are kept. */
  constructor(most: number) {
    this.most = most;
  }

  begin(length: number): boolean {
    this.lengths.push(length);
    this.line = this.bytes + length <= this.most ? Buffer.allocUnsafe(length) : Buffer.alloc(0);
    this.filled = 0;
    if (this.line.length > 0) this.lines.push(this.line);
    return true;
  }

  async room(): Promise<void> {}

  end(): boolean {
    return true;
  }

  take(): number {
    return 0;
  }

  write(source: Buffer, from: number, to: number): number {
    if (this.line.length > 0) source.copy(this.line, this.filled, from, to);
    this.filled += to - from;
    this.bytes += to - from;
    return to - from;
  }
}
