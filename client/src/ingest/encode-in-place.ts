/** Encodes chunks where they lie in slabs, and leaves what they shrink to there: no memory is made, none is given back. Runs in a worker. */
import { type BlobRecord, ENCODING_BYTE, encodeBlob, encodedBound, encodingOfByte } from "@datadb/protocol";
import type { InPlaceJob } from "./messages.ts";

/** How each chunk was encoded, and where its payload lies: address and length. */
export interface InPlace {
  encodings: Uint8Array<ArrayBuffer>;
  ranges: Uint32Array<ArrayBuffer>;
}

const NO_NAME = Buffer.alloc(0);

/**
 * `view`: the memory of all slabs. Chunks without a base, in the order of their addresses; whatever lies between the first and the last is gone
 * afterwards. What a chunk shrinks to goes behind what those before it shrank to: with room enough zstd writes it there itself.
 */
export function encodeInPlace(view: Buffer, { ranges }: InPlaceJob): InPlace {
  const count = ranges.length / 2;
  const result: InPlace = { encodings: new Uint8Array(count), ranges: new Uint32Array(count * 2) };
  let free = ranges[0] ?? 0;
  for (let i = 0; i < count; i++) {
    const [from, length] = [ranges[i * 2]!, ranges[i * 2 + 1]!];
    const content = view.subarray(from, from + length);
    const into = view.subarray(free, from - free < encodedBound(length) ? free + length : from);
    const { encoding, payload } = encodeBlob("data", NO_NAME, content, { into });
    const at = encoding === "raw" ? from : free;
    result.encodings[i] = ENCODING_BYTE[encoding];
    result.ranges.set([at, payload.length], i * 2);
    free = at + payload.length;
  }
  return result;
}

/** The records of chunks that were encoded in place: their payloads are views of the slabs. */
export function recordsInPlace(
  view: Buffer,
  chunks: readonly { name: Buffer; length: number }[],
  { encodings, ranges }: InPlace,
): BlobRecord[] {
  return chunks.map(({ name, length }, i) => ({
    kind: "data",
    name,
    encoding: encodingOfByte(encodings[i]!),
    base: null,
    length,
    payload: view.subarray(ranges[i * 2]!, ranges[i * 2]! + ranges[i * 2 + 1]!),
  }));
}
