/** The step of SHA-256 that takes in one block (FIPS 180-4): what begins with the same block then costs only the blocks behind it. */

/** Words of a block, and of the state between blocks. */
export const BLOCK_WORDS = 16;
export const STATE_WORDS = 8;

/** What SHA-256 begins with. */
export const INITIAL_STATE: Int32Array = Int32Array.of(
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
);

const CONSTANTS = Int32Array.of(
  ...[0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5],
  ...[0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174],
  ...[0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da],
  ...[0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967],
  ...[0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85],
  ...[0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070],
  ...[0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3],
  ...[0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2],
);

/** The schedule: the block, and what is made of it. */
const words = new Int32Array(CONSTANTS.length);

function schedule(block: Int32Array): void {
  for (let at = 0; at < BLOCK_WORDS; at++) words[at] = block[at]!;
  for (let at = BLOCK_WORDS; at < words.length; at++) {
    const x = words[at - 15]!;
    const y = words[at - 2]!;
    const s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[at] = words[at - 16]! + s + words[at - 7]! + t;
  }
}

/** Writes to `to` the state after `block` that follows the state `from`; they may be the same. */
export function takeBlock(from: Int32Array, block: Int32Array, to: Int32Array): void {
  schedule(block);
  // No arrays and no destructuring in here: both would cost more than all the rest.
  let a = from[0]!;
  let b = from[1]!;
  let c = from[2]!;
  let d = from[3]!;
  let e = from[4]!;
  let f = from[5]!;
  let g = from[6]!;
  let h = from[7]!;
  for (let at = 0; at < words.length; at++) {
    const s = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const added = (h + s + (g ^ (e & (f ^ g))) + CONSTANTS[at]! + words[at]!) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + added) | 0;
    d = c;
    const chosen = (a & b) | (c & (a | b));
    c = b;
    b = a;
    a = (added + t + chosen) | 0;
  }
  to[0] = from[0]! + a;
  to[1] = from[1]! + b;
  to[2] = from[2]! + c;
  to[3] = from[3]! + d;
  to[4] = from[4]! + e;
  to[5] = from[5]! + f;
  to[6] = from[6]! + g;
  to[7] = from[7]! + h;
}
