/**
 * Cuts by a 64-bit gear hash, over memory that the caller provides and shares between threads.
 *
 * The hash of a position is the sum of gear[byte] << age over the last 64 bytes: shifting drops what is older.
 * A chunk's first `min` bytes are never looked at. Up to the normal size a cut needs `level` more zero bits than
 * log2(normal), after it as many fewer: FastCDC is level 2 ("normalised chunking"), so that sizes gather around the normal one. With level 0
 * a place cuts or does not, however far the cut before it is (but for `min` and `max`).
 *
 * State lives in WebAssembly globals, which each instance has for itself; only the gear table is in shared memory,
 * and every instance writes the same table.
 */

/** Found by trying 1, 2, 3 ...: the first seed with which no run of one byte value ever cuts before `max`. */
const GEAR_SEED: u64 = 4;

/** Address of the table. Not a data segment: that would be zeroed under the others when an instance is made. */
const GEAR: usize = 1024;

let minimum: u32 = 0;
let normal: u32 = 0;
let maximum: u32 = 0;
let strict: u64 = 0;
let loose: u64 = 0;
let hash: u64 = 0;
let size: u32 = 0;

/** gear[i] is the i-th output of SplitMix64 from GEAR_SEED. */
function fillGear(): void {
  let state = GEAR_SEED;
  for (let i: usize = 0; i < 256; i++) {
    state += 0x9e3779b97f4a7c15;
    let z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    store<u64>(GEAR + (i << 3), z ^ (z >> 31));
  }
}
fillGear();

/** Sets the sizes in bytes; `bits` is log2 of the normal size. Begins a stream. */
export function configure(least: u32, average: u32, most: u32, bits: u32, level: u32): void {
  minimum = least;
  normal = average;
  maximum = most;
  strict = ~(u64.MAX_VALUE >> (bits + level));
  loose = ~(u64.MAX_VALUE >> (bits - level));
  restart();
}

/** Forgets what was fed: the next byte begins a chunk. */
export function restart(): void {
  hash = 0;
  size = 0;
}

// @ts-ignore: decorator
@inline
function roll(h: u64, at: usize): u64 {
  return (h << 1) + load<u64>(GEAR + ((<usize>load<u8>(at)) << 3));
}

/** Rolls over [from, to) and returns the end of the first cut under `mask`, or 0; leaves the hash in `hash`. */
function search(from: usize, to: usize, mask: u64): usize {
  let h = hash;
  let at = from;
  while (at + 8 <= to) {
    h = roll(h, at);
    if ((h & mask) == 0) return at + 1;
    h = roll(h, at + 1);
    if ((h & mask) == 0) return at + 2;
    h = roll(h, at + 2);
    if ((h & mask) == 0) return at + 3;
    h = roll(h, at + 3);
    if ((h & mask) == 0) return at + 4;
    h = roll(h, at + 4);
    if ((h & mask) == 0) return at + 5;
    h = roll(h, at + 5);
    if ((h & mask) == 0) return at + 6;
    h = roll(h, at + 6);
    if ((h & mask) == 0) return at + 7;
    h = roll(h, at + 7);
    if ((h & mask) == 0) return at + 8;
    at += 8;
  }
  while (at < to) {
    h = roll(h, at);
    at++;
    if ((h & mask) == 0) return at;
  }
  hash = h;
  return 0;
}

/**
 * Feeds the bytes at [from, to), which follow those fed before. Returns the address after the last byte of the
 * chunk that ends there, or 0 when all were taken and none ends; after a cut, feed again from it.
 */
export function next(from: usize, to: usize): usize {
  let at = from;
  if (size < minimum) {
    const skip = <u32>min<usize>(minimum - size, to - at);
    at += skip;
    size += skip;
    if (size < minimum) return 0;
  }
  if (size < normal) {
    const end = at + min<usize>(normal - size, to - at);
    const cut = search(at, end, strict);
    if (cut != 0) {
      restart();
      return cut;
    }
    size += <u32>(end - at);
    at = end;
    if (size < normal) return 0;
  }
  const end = at + min<usize>(maximum - size, to - at);
  const cut = search(at, end, loose);
  if (cut != 0) {
    restart();
    return cut;
  }
  size += <u32>(end - at);
  if (size < maximum) return 0;
  restart();
  return end;
}
