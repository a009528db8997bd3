/** Moves 64-bit integers between BigInt and two 32-bit halves: varints of times are hot, and BigInt shifts allocate. */
const signed = new BigInt64Array(1);
const unsigned = new BigUint64Array(signed.buffer);
const halves = new Uint32Array(signed.buffer);
const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** Writes `value` (-2^63 to 2^64-1, unchecked) for lowHalf and highHalf to read. */
export function splitInt64(value: bigint): void {
  signed[0] = value;
}

/** The low 32 bits of the last split value, unsigned. */
export function lowHalf(): number {
  return halves[LOW] as number;
}

/** The high 32 bits of the last split value, unsigned. */
export function highHalf(): number {
  return halves[HIGH] as number;
}

/** The signed integer with these halves. */
export function joinInt64(low: number, high: number): bigint {
  halves[LOW] = low;
  halves[HIGH] = high;
  return signed[0] as bigint;
}

/** The unsigned integer with these halves. */
export function joinUint64(low: number, high: number): bigint {
  halves[LOW] = low;
  halves[HIGH] = high;
  return unsigned[0] as bigint;
}
