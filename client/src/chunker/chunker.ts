/** The one interface of every content-defined chunker: bytes of a stream go in, ends of chunks come out. */

/**
 * Cuts one stream at a time. Where it cuts depends on the bytes alone, never on how they were split into
 * calls. What follows the last cut is the caller's: at the end of a stream it is the last chunk.
 */
export interface Chunker {
  /** No chunk but the last of a stream is shorter, in bytes. */
  readonly min: number;
  /** No chunk is longer, in bytes. */
  readonly max: number;
  /**
   * Feeds the bytes [from, to) of the shared memory, which follow the bytes fed before.
   * @returns the ends (exclusive addresses, ascending) of the chunks that end there.
   */
  cut(from: number, to: number): number[];
  /** Begins a new stream. */
  restart(): void;
}
