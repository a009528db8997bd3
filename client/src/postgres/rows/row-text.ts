/** Text that comes in pieces, some at a time, row by row. */

const LINE_FEED = 10;
const NOTHING = Buffer.alloc(0);

export class RowText {
  /** Whole rows lie from `at` to `end`. */
  bytes: Buffer = NOTHING;
  at = 0;
  end = 0;
  private readonly pieces: AsyncIterator<readonly Buffer[]>;

  constructor(pieces: AsyncIterator<readonly Buffer[]>) {
    this.pieces = pieces;
  }

  /** Whether there is another row; reads on where none is whole. */
  async more(): Promise<boolean> {
    while (this.at === this.end) {
      const rest = this.bytes.subarray(this.end);
      const { done, value } = await this.pieces.next();
      if (done && rest.length === 0) return false;
      this.bytes = Buffer.concat([rest, ...(done ? [Buffer.of(LINE_FEED)] : value)]);
      this.at = 0;
      this.end = this.bytes.lastIndexOf(LINE_FEED) + 1;
    }
    return true;
  }

  /** The row at hand, as latin1 and without its line feed. */
  row(): string {
    return this.bytes.toString("latin1", this.at, this.rowEnd() - 1);
  }

  /** The row at hand, which is left behind. */
  take(): string {
    const row = this.row();
    this.skip();
    return row;
  }

  skip(): void {
    this.at = this.rowEnd();
  }

  /** Behind the line feed of the row at hand. */
  rowEnd(): number {
    return this.bytes.indexOf(LINE_FEED, this.at) + 1;
  }
}
