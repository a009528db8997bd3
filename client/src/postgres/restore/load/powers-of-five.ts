/** The powers of five that assembly/binary-floats.ts multiplies by. */

const LEAST = -342;
const MOST = 308;
const BITS = 128n;
/** From here on a power is not larger than the digits that may be multiplied by it, and its inverse is taken less exactly. */
const SMALL = -27;

const POWER_BYTES = 16;

let made: Buffer | null = null;

/** The first 128 bits of each, the upper half first: cut off behind them; of an inverse rounded up. */
export function powersOfFive(): Buffer {
  if (made !== null) return made;
  made = Buffer.alloc((MOST - LEAST + 1) * POWER_BYTES);
  let power = 1n;
  for (let exponent = 0; exponent <= Math.max(MOST, -LEAST); exponent++) {
    if (exponent <= MOST) put(made, exponent, firstBits(power));
    if (exponent > 0 && -exponent >= LEAST) put(made, -exponent, inverse(power, -exponent));
    power *= 5n;
  }
  return made;
}

function put(into: Buffer, exponent: number, bits: bigint): void {
  const at = (exponent - LEAST) * POWER_BYTES;
  into.writeBigUInt64LE(bits >> 64n, at);
  into.writeBigUInt64LE(BigInt.asUintN(64, bits), at + 8);
}

function lengthOf(number: bigint): bigint {
  return BigInt(number.toString(2).length);
}

function firstBits(number: bigint): bigint {
  const more = lengthOf(number) - BITS;
  return more > 0n ? number >> more : number << -more;
}

function inverse(power: bigint, exponent: number): bigint {
  const length = lengthOf(power);
  if (exponent >= SMALL) return (1n << (length + BITS - 1n)) / power + 1n;
  return firstBits((1n << (2n * length + BITS)) / power + 1n);
}
