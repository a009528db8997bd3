/** Where the rows of a COPY go. */

/** Bytes before a row: type and length of its message. */
export const HEADER_BYTES = 5;

/** What takes rows one after another, each of known length. */
export interface RowSink {
  /** Begins a row of `length` bytes; false when room() must be awaited before. */
  begin(length: number): boolean;
  /** Resolves when the row can begin, or the one that has begun can go on. */
  room(): Promise<void>;
  /** The next bytes of the row: how many were taken; none when room() must be awaited first. */
  write(source: Buffer, from: number, to: number): number;
  /**
   * Between two rows: takes messages of rows, from the first byte of a message on, as far as it can take whole ones without begin()
   * and write(). How many bytes it took.
   */
  take(source: Buffer, from: number, to: number): number;
  /** All rows of a COPY have come: false when room() must be awaited. */
  end(): boolean;
  /** Of one that waits in room(): no more comes, and what waits there writes nothing more. */
  abandon?(): void;
  /** Taken so far. */
  readonly bytes: number;
}
