/**
 * An incremental parser of what clients send: RESP arrays of bulk strings, and inline commands as typed in telnet.
 *
 * Own, because limits must hold before anything is buffered: a bulk is refused by its announced length, and memory is
 * taken as bytes arrive, never as announced. Commands come out one by one, so that the caller can stop in the middle
 * of a chunk when enough is in flight.
 */
import { INLINE_ERROR, splitInline } from "./inline-command.ts";
import { ProtocolError } from "./protocol-error.ts";

export interface ParserLimits {
  /** Arguments of one command, its name included. */
  arguments: number;
  /** Bytes of one argument. */
  bulkBytes: number;
  /** Bytes of all arguments of one command together. */
  commandBytes: number;
  /** Bytes of an inline command's line. */
  inlineBytes: number;
}

const EMPTY = Buffer.alloc(0);
/** Longest line that announces a number: `*` or `$`, sign, 20 digits, CR LF fit well. */
const MAX_COUNT_LINE_BYTES = 32;
/** Smallest room for an argument that spans chunks; it doubles as bytes arrive, so an announcement alone costs little. */
const FIRST_ROOM_BYTES = 64 * 1024;
const STAR = 42;
const DOLLAR = 36;
const CR = 13;
const LF = 10;

export class CommandParser {
  /** May be changed between commands: limits are tighter before authentication. */
  limits: ParserLimits;
  #buffer: Buffer = EMPTY;
  #offset = 0;
  /** The command under way, and how many of its arguments are still to come. */
  #arguments: Buffer[] = [];
  #missing = 0;
  #commandBytes = 0;
  /** The argument that spans chunks: its announced length or -1, room, and bytes that have come (CR LF included). */
  #length = -1;
  #room: Buffer = EMPTY;
  #filled = 0;

  constructor(limits: ParserLimits) {
    this.limits = limits;
  }

  /** Adds bytes. The parser keeps slices of the chunk, so the caller must not change it afterwards. */
  push(chunk: Buffer): void {
    const rest = this.#buffer.length - this.#offset;
    this.#buffer = rest === 0 ? chunk : Buffer.concat([this.#buffer.subarray(this.#offset), chunk]);
    this.#offset = 0;
  }

  /** The next whole command, or null until more bytes come. Throws ProtocolError; the parser is then of no more use. */
  next(): Buffer[] | null {
    for (;;) {
      if (this.#missing === 0) {
        if (this.#offset === this.#buffer.length) return null;
        if (this.#buffer[this.#offset] !== STAR) {
          const inline = this.#inline();
          if (inline === null || inline.length > 0) return inline;
          continue;
        }
        const count = this.#number("invalid multibulk length", "too big mbulk count string");
        if (count === null) return null;
        if (count > this.limits.arguments) throw new ProtocolError("invalid multibulk length");
        if (count <= 0) continue;
        this.#missing = count;
        this.#arguments = [];
        this.#commandBytes = 0;
      }
      if (!this.#collect()) return null;
      return this.#arguments;
    }
  }

  /** Whether a command has begun and not ended: what an idle connection may not leave open for long. */
  get midCommand(): boolean {
    return this.#missing > 0 || this.#offset < this.#buffer.length;
  }

  /** Reads arguments until none is missing; false when bytes are. */
  #collect(): boolean {
    while (this.#missing > 0) {
      if (this.#length < 0 && !this.#begin()) return false;
      const end = this.#offset + this.#length + 2;
      if (this.#filled === 0 && end <= this.#buffer.length) {
        if (this.#buffer[end - 2] !== CR) throw new ProtocolError("bulk string does not end with CR LF");
        this.#arguments.push(this.#buffer.subarray(this.#offset, end - 2));
        this.#offset = end;
      } else if (!this.#fill()) return false;
      this.#length = -1;
      this.#missing--;
    }
    return true;
  }

  /** Reads the line that announces an argument. */
  #begin(): boolean {
    if (this.#offset === this.#buffer.length) return false;
    const first = this.#buffer[this.#offset] as number;
    if (first !== DOLLAR) throw new ProtocolError(`expected '$', got '${printable(first)}'`);
    const length = this.#number("invalid bulk length", "too big bulk count string");
    if (length === null) return false;
    if (length < 0 || length > this.limits.bulkBytes) throw new ProtocolError("invalid bulk length");
    this.#commandBytes += length;
    if (this.#commandBytes > this.limits.commandBytes) throw new ProtocolError("too big request");
    this.#length = length;
    this.#filled = 0;
    return true;
  }

  /** Copies what has come of an argument that spans chunks. */
  #fill(): boolean {
    const whole = this.#length + 2;
    const take = Math.min(whole - this.#filled, this.#buffer.length - this.#offset);
    const needed = this.#filled + take;
    if (this.#filled === 0 || needed > this.#room.length) {
      const room = Buffer.allocUnsafeSlow(
        Math.min(whole, Math.max(FIRST_ROOM_BYTES, needed, 2 * this.#filled)),
      );
      this.#room.copy(room, 0, 0, this.#filled);
      this.#room = room;
    }
    this.#buffer.copy(this.#room, this.#filled, this.#offset, this.#offset + take);
    this.#offset += take;
    this.#filled = needed;
    if (needed < whole) return false;
    if (this.#room[whole - 2] !== CR) throw new ProtocolError("bulk string does not end with CR LF");
    this.#arguments.push(this.#room.subarray(0, this.#length));
    this.#room = EMPTY;
    this.#filled = 0;
    return true;
  }

  /** The number of a line like `*12` or `$-1`; null while the line is incomplete. */
  #number(invalid: string, tooLong: string): number | null {
    const buffer = this.#buffer;
    let at = this.#offset + 1;
    let value = 0;
    const negative = buffer[at] === 45;
    if (negative) at++;
    const digits = at;
    for (; at < buffer.length; at++) {
      const byte = buffer[at] as number;
      if (byte === CR) break;
      if (byte < 48 || byte > 57) throw new ProtocolError(invalid);
      value = value * 10 + byte - 48;
      if (at - this.#offset > MAX_COUNT_LINE_BYTES) throw new ProtocolError(tooLong);
    }
    if (at + 1 >= buffer.length) return null;
    if (at === digits || buffer[at + 1] !== LF) throw new ProtocolError(invalid);
    this.#offset = at + 2;
    return negative ? -value : value;
  }

  /** An inline command; empty for an empty line, null while the line is incomplete. */
  #inline(): Buffer[] | null {
    const end = this.#buffer.indexOf(LF, this.#offset);
    const length = (end < 0 ? this.#buffer.length : end) - this.#offset;
    if (length > this.limits.inlineBytes) throw new ProtocolError("too big inline request");
    if (end < 0) return null;
    const line = this.#buffer.subarray(this.#offset, end > 0 && this.#buffer[end - 1] === CR ? end - 1 : end);
    this.#offset = end + 1;
    const words = splitInline(line);
    if (words === null) throw new ProtocolError(INLINE_ERROR);
    if (words.length > this.limits.arguments) throw new ProtocolError("invalid multibulk length");
    return words;
  }
}

function printable(byte: number): string {
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
}
