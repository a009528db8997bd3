/** Where nodes of keyed trees end: by the hash of a key, so that a changed value moves no boundary. */
import { hash } from "node:crypto";

const SHORT_BYTES = 512;
const scratch = Buffer.allocUnsafeSlow(SHORT_BYTES + 1);

/** Of directory and checkpoint levels. Permanent. */
const KEYED_DIVISOR = 64;
export const KEYED_MAXIMUM = 1024;

/** Whether a node of this level (0: leaf) ends after the entry with this key: SHA-256, in stores of either hash. */
export function endsAfterKey(key: Buffer, level: number): boolean {
  let input: Buffer;
  if (key.length <= SHORT_BYTES) {
    scratch.set(key);
    scratch[key.length] = level;
    input = scratch.subarray(0, key.length + 1);
  } else input = Buffer.concat([key, Buffer.of(level)]);
  // The fourth byte alone decides whether the first four, big-endian, are a multiple of 64.
  return hash("sha256", input, "binary").charCodeAt(3) % KEYED_DIVISOR === 0;
}

/** Of list levels. Permanent. */
const LIST_DIVISOR = 16;
export const LIST_MAXIMUM = 128;

/** Whether a list node ends after the chunk or child with this name. */
export function endsAfterName(name: Buffer): boolean {
  return (name[3] as number) % LIST_DIVISOR === 0;
}
