/** A piece of a file's content that is fetched, and decoded when it is taken: nothing holds more than it uses. */

export interface ContentPiece {
  /** Bytes of its content. */
  readonly length: number;
  /**
   * The verified content. `into` has room for exactly that and may be used for it; the result says where it is. Throws DamagedError
   * naming the blob that is missing or damaged.
   */
  take(into?: Buffer): Buffer;
}

/** A piece of which the content is known. */
export function pieceOf(content: Buffer): ContentPiece {
  return { length: content.length, take: () => content };
}

/** Takes it to `place`, which has exactly its length. */
export function takeInto(piece: ContentPiece, place: Buffer): void {
  const content = piece.take(place);
  if (content.buffer !== place.buffer || content.byteOffset !== place.byteOffset) content.copy(place);
}

export async function* takeAll(pieces: AsyncIterable<ContentPiece>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield piece.take();
}
