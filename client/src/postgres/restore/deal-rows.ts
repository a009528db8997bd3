/** Deals the rows of one stream out to several readers: their order is nearly that of the stream. */

/** What a reader gets at a time: rows that come together stay together. */
const BLOCK_BYTES = 4 << 20;
const LINE_FEED = 0x0a;

/** Each call gives a reader; together they get every row once. `source`: rows of COPY's text format, cut anywhere. */
export function dealRows(source: AsyncIterable<Buffer>): () => AsyncGenerator<Buffer> {
  const parts = source[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  /** Up to the end of a row; empty at the end of the stream. */
  async function nextBlock(): Promise<Buffer[]> {
    const block: Buffer[] = [];
    for (let bytes = 0; ; ) {
      const { value, done } = await parts.next();
      if (done === true) return block;
      block.push(value);
      bytes += value.length;
      if (bytes >= BLOCK_BYTES && value.at(-1) === LINE_FEED) return block;
    }
  }

  return async function* reader() {
    for (;;) {
      // One after another; when the stream has failed, for each of them.
      const mine = last.then(nextBlock);
      last = mine;
      mine.catch(() => {});
      const block = await mine;
      if (block.length === 0) return;
      yield* block;
    }
  };
}
