/** Inode numbers: made of where an entry is, so that they are the same in every mount and never run out. */

/** A number of 63 bits, as two halves of 32. */
export interface InodeNumber {
  low: number;
  high: number;
}

const PRIME_LOW = 0x01000193;
const PRIME_HIGH = 0x85ebca6b;

/** The number of the entry with this name in the directory with the number `parent`. */
export function inodeBelow(parent: InodeNumber, name: Uint8Array): InodeNumber {
  let low = parent.low ^ 0x811c9dc5;
  let high = parent.high ^ 0x9e3779b9;
  for (let i = 0; i < name.length; i++) {
    const byte = name[i]!;
    low = Math.imul(low ^ byte, PRIME_LOW);
    high = Math.imul(high ^ byte ^ (low >>> 15), PRIME_HIGH);
    high ^= high >>> 13;
  }
  low = Math.imul(low ^ (low >>> 16) ^ high, 0x7feb352d);
  high = Math.imul(high ^ (high >>> 15) ^ low, 0x846ca68b);
  // 0 and the root's 1 are taken; programs that keep inode numbers as signed are spared the top bit.
  return { low: ((low ^ (low >>> 15)) | 2) >>> 0, high: ((high ^ (high >>> 16)) & 0x7fffffff) >>> 0 };
}
