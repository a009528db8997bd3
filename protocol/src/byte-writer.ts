/** Writes the primitives of docs/formats.md into a buffer that grows. Integers are little-endian. */
import { highHalf, lowHalf, splitInt64 } from "./int64-halves.ts";

const MAX_UINT64 = 2n ** 64n - 1n;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** A writer that grew beyond this gives its buffer back at finish, so that one huge record does not hold memory for ever. */
const KEPT_BYTES = 1024 * 1024;

/** A reusable writer: `finish` takes the bytes and empties it. Values out of range are RangeErrors. */
export class ByteWriter {
  private buffer: Buffer;
  private end = 0;

  /** `capacity`: bytes to begin with. */
  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.end;
  }

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.end + bytes));
    this.buffer.copy(grown, 0, 0, this.end);
    this.buffer = grown;
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.end++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.end = this.buffer.writeUInt16LE(value, this.end);
  }

  u32(value: number): void {
    this.reserve(4);
    this.end = this.buffer.writeUInt32LE(value, this.end);
  }

  u64(value: bigint): void {
    this.reserve(8);
    this.end = this.buffer.writeBigUInt64LE(value, this.end);
  }

  /** LEB128 of 0 to 2^64-1; a number must be a safe integer. */
  varint(value: number | bigint): void {
    if (typeof value === "bigint") {
      if (value < 0n || value > MAX_UINT64) throw new RangeError(`varint out of range: ${value}`);
      if (value > MAX_SAFE) {
        splitInt64(value);
        this.varintHalves(lowHalf(), highHalf());
        return;
      }
      value = Number(value);
    }
    this.reserve(10);
    const { buffer } = this;
    let end = this.end;
    if ((value & 0x7f) === value) {
      buffer[end] = value;
      this.end = end + 1;
      return;
    }
    if (!(value >= 0 && Number.isSafeInteger(value))) throw new RangeError(`varint out of range: ${value}`);
    while (value > 0x7fffffff) {
      buffer[end++] = (value & 0x7f) | 0x80;
      value = Math.floor(value / 128);
    }
    while (value > 0x7f) {
      buffer[end++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    buffer[end++] = value;
    this.end = end;
  }

  private varintHalves(low: number, high: number): void {
    this.reserve(10);
    const { buffer } = this;
    let end = this.end;
    while (high !== 0) {
      buffer[end++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low > 0x7f) {
      buffer[end++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    buffer[end++] = low;
    this.end = end;
  }

  /** Zigzag LEB128 of -2^63 to 2^63-1. */
  zigzag(value: bigint): void {
    if (value < MIN_INT64 || value > MAX_INT64) throw new RangeError(`zigzag out of range: ${value}`);
    splitInt64(value);
    const low = lowHalf();
    const high = highHalf();
    const sign = (high | 0) >> 31;
    this.varintHalves(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
  }

  /** The bytes themselves. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** `bytes` of the formats: varint length, then the bytes; a string as UTF-8. */
  bytes(value: Uint8Array | string): void {
    if (typeof value !== "string") {
      this.varint(value.length);
      this.raw(value);
      return;
    }
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.reserve(length);
    this.end += this.buffer.write(value, this.end, length);
  }

  /** A varint as `bytes`: its length in one byte, then the varint. */
  varintBytes(value: number | bigint): void {
    const at = this.end;
    this.u8(0);
    this.varint(value);
    this.buffer[at] = this.end - at - 1;
  }

  /** A zigzag varint as `bytes`. */
  zigzagBytes(value: bigint): void {
    const at = this.end;
    this.u8(0);
    this.zigzag(value);
    this.buffer[at] = this.end - at - 1;
  }

  /** An own copy of what was written; the writer is empty afterwards. */
  finish(): Buffer {
    const result = Buffer.allocUnsafe(this.end);
    this.buffer.copy(result, 0, 0, this.end);
    this.reset();
    return result;
  }

  /** Moves what was written to `target`, which has as many bytes. */
  finishInto(target: Buffer): void {
    this.buffer.copy(target, 0, 0, this.end);
    this.reset();
  }

  /** Forgets what was written. */
  reset(): void {
    this.end = 0;
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafeSlow(256);
  }
}
