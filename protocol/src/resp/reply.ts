/** What commands answer, before it is written as RESP2 or RESP3. */

/** A status: text without line breaks. */
export class SimpleString {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Text with a format, for people: a bulk string in RESP2. */
export class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A map: a flat array in RESP2. */
export class MapReply {
  readonly entries: readonly (readonly [Reply, Reply])[];

  constructor(entries: readonly (readonly [Reply, Reply])[]) {
    this.entries = entries;
  }
}

/** A set: an array in RESP2. */
export class SetReply {
  readonly members: readonly Reply[];

  constructor(members: readonly Reply[]) {
    this.members = members;
  }
}

/** An array that is not there: `*-1` in RESP2, null in RESP3. */
export class NullArray {}

/**
 * An error as it is sent: the message begins with an upper-case kind ("ERR", "WRONGTYPE", "NOAUTH" ...). It is raised by commands
 * and rejected by connections.
 */
export class ReplyError extends Error {
  /** The first word of the message. */
  readonly kind: string;

  constructor(message: string) {
    super(message);
    const space = message.indexOf(" ");
    this.kind = space < 0 ? message : message.slice(0, space);
  }

  override get name(): string {
    return "ReplyError";
  }
}

/** One reply. A string is a bulk string (UTF-8), a number that is no integer a double. */
export type Reply =
  | SimpleString
  | ReplyError
  | string
  | Buffer
  | number
  | bigint
  | boolean
  | null
  | readonly Reply[]
  | MapReply
  | SetReply
  | Verbatim
  | NullArray;

export const OK: SimpleString = new SimpleString("OK");
export const PONG: SimpleString = new SimpleString("PONG");
export const QUEUED: SimpleString = new SimpleString("QUEUED");
export const NULL_ARRAY: NullArray = new NullArray();

/** What a RESP2 client gets: simple string -> string, bulk -> Buffer, integer -> number (bigint beyond 2^53), maps and sets flat. */
export type PlainReply = string | Buffer | number | bigint | null | PlainReply[];

/** `reply` as a RESP2 client would get it. Throws the ReplyError, also a nested one. */
export function plainReply(reply: Reply): PlainReply {
  if (reply === null || Buffer.isBuffer(reply)) return reply;
  if (typeof reply === "string") return Buffer.from(reply);
  if (typeof reply === "number") return Number.isInteger(reply) ? reply : Buffer.from(formatDouble(reply));
  if (typeof reply === "bigint") return plainInteger(reply);
  if (typeof reply === "boolean") return reply ? 1 : 0;
  if (reply instanceof SimpleString) return reply.text;
  if (reply instanceof ReplyError) throw reply;
  if (reply instanceof MapReply) return reply.entries.flat().map(plainReply);
  if (reply instanceof SetReply) return reply.members.map(plainReply);
  if (reply instanceof Verbatim) return Buffer.from(reply.text);
  if (Array.isArray(reply)) return reply.map(plainReply);
  return null;
}

function plainInteger(value: bigint): PlainReply {
  if (!fitsInt64(value)) return Buffer.from(value.toString());
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Whether RESP's integer type holds the value; greater ones are big numbers in RESP3 and bulk strings in RESP2. */
export function fitsInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** A double as RESP writes it. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (value === Infinity) return "inf";
  return value === -Infinity ? "-inf" : String(value);
}
