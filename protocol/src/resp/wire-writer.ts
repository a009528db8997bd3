/** Gathers small pieces of RESP into one buffer and keeps large bulks apart, so that they are never copied. */

/** A bulk of at least this many bytes is passed on as it is: a copy costs less than another buffer below. */
const APART_BYTES = 8 * 1024;
/** Gathered bytes are cut into buffers of at least this size; also the size of the scratch that is kept. */
const CHUNK_BYTES = 32 * 1024;

/** A reusable writer of RESP: `finish` takes the buffers and empties it. */
export class WireWriter {
  private buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  private end = 0;
  private done: Buffer[] = [];

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return;
    this.cut();
    if (bytes > this.buffer.length) this.buffer = Buffer.allocUnsafeSlow(bytes);
  }

  /** Ends the gathered buffer with a copy, so that the scratch can be used again. */
  private cut(): void {
    if (this.end === 0) return;
    this.done.push(Buffer.from(this.buffer.subarray(0, this.end)));
    this.end = 0;
  }

  /** Forgets what an encoder left that threw midway. */
  begin(): void {
    this.end = 0;
    this.done = [];
  }

  /** ASCII text as it is. */
  ascii(text: string): void {
    this.reserve(text.length);
    this.end += this.buffer.write(text, this.end, text.length, "latin1");
  }

  /** `*3\r\n` and the like. */
  header(type: string, value: number): void {
    this.reserve(24);
    const { buffer } = this;
    buffer[this.end++] = type.charCodeAt(0);
    if (value >= 0 && value < 10) buffer[this.end++] = 48 + value;
    else {
      const digits = String(value);
      this.end += buffer.write(digits, this.end, digits.length, "latin1");
    }
    buffer[this.end++] = 13;
    buffer[this.end++] = 10;
  }

  /** `+text\r\n` and the like; UTF-8. */
  line(type: string, text: string): void {
    this.utf8(type);
    this.utf8(text);
    this.ascii("\r\n");
  }

  private utf8(text: string): void {
    const length = Buffer.byteLength(text);
    this.reserve(length);
    this.end += this.buffer.write(text, this.end, length);
  }

  /** A string as a bulk, or as another type with the same layout. */
  bulkText(text: string, type = "$"): void {
    const length = Buffer.byteLength(text);
    this.header(type, length);
    this.reserve(length + 2);
    this.end += this.buffer.write(text, this.end, length);
    this.ascii("\r\n");
  }

  /** Bytes as a bulk. */
  bulk(bytes: Buffer): void {
    this.header("$", bytes.length);
    if (bytes.length >= APART_BYTES) {
      this.cut();
      this.done.push(bytes);
    } else {
      this.reserve(bytes.length + 2);
      this.buffer.set(bytes, this.end);
      this.end += bytes.length;
    }
    this.ascii("\r\n");
  }

  /** Appends everything written to `out`; the writer is empty afterwards. */
  finish(out: Buffer[]): Buffer[] {
    this.cut();
    for (const buffer of this.done) out.push(buffer);
    this.done = [];
    if (this.buffer.length > CHUNK_BYTES * 4) this.buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    return out;
  }
}
