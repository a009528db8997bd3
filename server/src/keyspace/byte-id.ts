/** Bytes as keys of Maps. */

let lastBytes: Buffer | null = null;
let lastId = "";

/**
 * The bytes as Latin-1 text: the cheapest Map key that a Buffer can become. One command looks for the same key in several layers in a
 * row, so the last answer is kept; keys are never changed after they came in.
 */
export function byteId(bytes: Buffer): string {
  if (bytes !== lastBytes) {
    lastId = bytes.toString("latin1");
    lastBytes = bytes;
  }
  return lastId;
}
