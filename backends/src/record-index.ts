/** The key-value view of `local/` that one backend keeps its index in; the caller has scoped it to that backend. */

/** Tells puts one by one to the function that it is called with; the buffers of one may be those of the next. */
export type TellPuts = (put: (key: Buffer, value: Buffer) => void) => void;

/**
 * A cache that a scan of the packs can rebuild: it may lag behind them after a crash, but never says more than was written to it.
 * Keys and values are non-empty byte strings and compared as bytes.
 */
export interface RecordIndex {
  /** Values in request order, undefined where absent. Synchronous: one call per thousands of names, no promise per name. */
  getMany(keys: readonly Buffer[]): (Buffer | undefined)[];
  /** Whether a key is surely absent, as far as that can be said at once; false says nothing. */
  lacks?(key: Buffer): boolean;
  /**
   * Applies all puts, those of `more` last, then all removes, atomically; visible to getMany when it resolves. Buffers must not change until then. After a
   * power cut the last writes may be gone, in the reverse order of their being made; with `durable` this one and all before it are not.
   */
  write(
    puts: readonly (readonly [Buffer, Buffer])[],
    removes: readonly Buffer[],
    options?: { durable?: boolean; more?: TellPuts },
  ): Promise<void>;
  /** Entries with `from` <= key < `to`, in key order, as of the call. Bounded memory. */
  entries(from: Buffer, to: Buffer): AsyncIterable<[Buffer, Buffer]>;
  /** Pages of the values of the same entries; much cheaper than with their keys. */
  values(from: Buffer, to: Buffer): AsyncIterable<readonly Buffer[]>;
  /** Removes every entry of this scope. */
  clear(): Promise<void>;
}
