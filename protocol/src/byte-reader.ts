/** Reads the primitives of docs/formats.md. Nothing is copied: `raw` and `bytes` return views. */
import { DecodeError } from "./errors.ts";
import { joinInt64, joinUint64 } from "./int64-halves.ts";

const TWO_32 = 2 ** 32;

/** A reader over `buffer` from `offset` to `end`. Every method throws DECODE when the bytes do not parse; none allocates by them. */
export class ByteReader {
  /** Where the next read begins. */
  offset: number;
  private readonly buffer: Buffer;
  private readonly end: number;
  private low = 0;
  private high = 0;

  constructor(buffer: Buffer, offset = 0, end: number = buffer.length) {
    this.buffer = buffer;
    this.offset = offset;
    this.end = Math.min(end, buffer.length);
  }

  /** Whether everything was read. */
  get done(): boolean {
    return this.offset >= this.end;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.end - this.offset;
  }

  /** Moves past `bytes` and returns where they begin. */
  private take(bytes: number): number {
    const start = this.offset;
    if (!(bytes >= 0 && bytes <= this.end - start)) {
      throw new DecodeError(`${bytes} bytes expected at offset ${start}, ${this.end - start} left`);
    }
    this.offset = start + bytes;
    return start;
  }

  u8(): number {
    return this.buffer[this.take(1)] as number;
  }

  u16(): number {
    return this.buffer.readUInt16LE(this.take(2));
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.take(4));
  }

  u64(): bigint {
    return this.buffer.readBigUInt64LE(this.take(8));
  }

  /** A varint up to 2^53-1; greater ones throw. */
  varint(): number {
    const start = this.offset;
    const first = start < this.end ? (this.buffer[start] as number) : this.u8();
    if (first < 0x80) {
      this.offset = start + 1;
      return first;
    }
    this.varintHalves();
    if (this.high > 0x1fffff) throw new DecodeError(`number too large at offset ${start}`);
    return this.high * TWO_32 + this.low;
  }

  /** Any varint, up to 2^64-1. */
  varintBig(): bigint {
    this.varintHalves();
    return joinUint64(this.low, this.high);
  }

  zigzag(): bigint {
    this.varintHalves();
    const sign = -(this.low & 1);
    const low = ((this.low >>> 1) | (this.high << 31)) ^ sign;
    return joinInt64(low >>> 0, ((this.high >>> 1) ^ sign) >>> 0);
  }

  /** Only the shortest form parses, so that equal content has equal bytes. */
  private varintHalves(): void {
    const start = this.offset;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.buffer[this.take(1)] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        if ((byte === 0 && shift > 0) || (shift === 63 && byte > 1)) break;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new DecodeError(`malformed varint at offset ${start}`);
  }

  /** The next `length` bytes, as a view. */
  raw(length: number): Buffer {
    const start = this.take(length);
    return this.buffer.subarray(start, start + length);
  }

  /** A varint length and that many bytes, as a view. */
  bytes(): Buffer {
    return this.raw(this.varint());
  }
}
