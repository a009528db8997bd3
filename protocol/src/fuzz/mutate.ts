/** Bytes that are nearly valid: what a decoder meets after damage, or from somebody who means harm. */

/** A source of numbers that repeats with its seed. */
export interface FuzzRandom {
  /** 0 <= n < below. */
  integer(below: number): number;
  pick<T>(items: readonly T[]): T;
}

/** A generator (xorshift) that starts at the seed. */
export function fuzzRandom(seed: number): FuzzRandom {
  let state = (seed | 0) ^ 0x9e3779b9 || 1;
  const integer = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
  return { integer, pick: (items) => items[integer(items.length)] as (typeof items)[number] };
}

/** Numbers at which formats change their mind, in the widths that formats have. */
const NUMBERS: readonly Buffer[] = [
  ...[0, 1, 2, 0x7f, 0x80, 0xfe, 0xff].map((byte) => Buffer.from([byte])),
  // Varints of 2^31, 2^53 and 2^64 - 1, one that does not end, and one that is not the shortest.
  ...["8080808008", "8080808080808010", "ffffffffffffffffff01", "ffffffffffffffffffff7f", "8000"].map((hex) =>
    Buffer.from(hex, "hex"),
  ),
  // The same as u32 of both orders, and as text.
  ...["ffffffff", "ffffff7f", "7fffffff", "00000001", "01000000", "00000010"].map((hex) =>
    Buffer.from(hex, "hex"),
  ),
  ...["-1", "0", "4294967296", "9223372036854775808", "1e309", "null", "{}", "[", "\r\n", "\0"].map((text) =>
    Buffer.from(text),
  ),
];

function splice(bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(Math.min(bytes.length, at + remove))]);
}

type Change = (bytes: Buffer, random: FuzzRandom, others: readonly Buffer[]) => Buffer;

const CHANGES: readonly Change[] = [
  // A bit.
  (bytes, random) => {
    const at = random.integer(bytes.length);
    return splice(bytes, at, 1, Buffer.from([bytes[at]! ^ (1 << random.integer(8))]));
  },
  // A byte.
  (bytes, random) => splice(bytes, random.integer(bytes.length), 1, Buffer.from([random.integer(256)])),
  // A number in place of what is there, or between.
  (bytes, random) => {
    const number = random.pick(NUMBERS);
    return splice(bytes, random.integer(bytes.length), random.pick([0, 1, number.length]), number);
  },
  // A part is gone.
  (bytes, random) => splice(bytes, random.integer(bytes.length), 1 + random.integer(16), Buffer.alloc(0)),
  // The end is gone.
  (bytes, random) => bytes.subarray(0, random.integer(bytes.length)),
  // A part comes twice.
  (bytes, random) => {
    const at = random.integer(bytes.length);
    return splice(bytes, at, 0, bytes.subarray(at, at + 1 + random.integer(64)));
  },
  // A part is zeros.
  (bytes, random) => {
    const length = 1 + random.integer(16);
    return splice(bytes, random.integer(bytes.length), length, Buffer.alloc(length));
  },
  // The rest is another's.
  (bytes, random, others) => {
    const other = random.pick(others);
    return Buffer.concat([
      bytes.subarray(0, random.integer(bytes.length)),
      other.subarray(random.integer(other.length + 1)),
    ]);
  },
];

/** One of the seeds after one to four changes; now and then bytes that are nothing at all. */
export function mutate(seeds: readonly Buffer[], random: FuzzRandom): Buffer {
  if (random.integer(50) === 0)
    return Buffer.from(Array.from({ length: random.integer(200) }, () => random.integer(256)));
  let bytes = random.pick(seeds);
  for (let changes = 1 + random.integer(4); changes > 0 && bytes.length > 0; changes--)
    bytes = random.pick(CHANGES)(bytes, random, seeds);
  return Buffer.from(bytes);
}
