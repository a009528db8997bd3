/** Deals the rows of one stream out to several readers: their order is nearly that of the stream. */
import { type ContentPiece, pieceOf } from "../../../cat/content-piece.ts";

/** What a reader gets at a time: rows that come together stay together. */
const BLOCK_BYTES = 4 << 20;
const LINE_FEED = 0x0a;

/**
 * Each call gives a reader; together they get every row once. While a reader has a block, the next one is fetched. `source`: rows of
 * COPY's text format, cut anywhere.
 */
export function dealRows(source: AsyncIterable<ContentPiece>): () => AsyncGenerator<ContentPiece> {
  const pieces = source[Symbol.asyncIterator]();
  const ahead: Promise<ContentPiece[]>[] = [];
  let last: Promise<unknown> = Promise.resolve();

  /** Up to the end of a row; empty at the end of the stream. */
  async function nextBlock(): Promise<ContentPiece[]> {
    const block: ContentPiece[] = [];
    for (let bytes = 0; ; ) {
      const { value, done } = await pieces.next();
      if (done === true) return block;
      bytes += value.length;
      if (bytes < BLOCK_BYTES) {
        block.push(value);
        continue;
      }
      const content = value.take();
      block.push(pieceOf(content));
      if (content.at(-1) === LINE_FEED) return block;
    }
  }

  /** One after another; when the stream has failed, for each of them. */
  function begin(): Promise<ContentPiece[]> {
    const mine = last.then(nextBlock);
    last = mine;
    mine.catch(() => {});
    return mine;
  }

  return async function* reader() {
    for (;;) {
      const mine = ahead.shift() ?? begin();
      ahead.push(begin());
      const block = await mine;
      if (block.length === 0) return;
      yield* block;
    }
  };
}
