/** Reads RESP2 replies from the chunks of a socket. Large bulks are filled in place, never joined from pieces. */
import { WrongReplyError } from "../errors.ts";
import { type PlainReply, ReplyError } from "./reply.ts";

/** A reply, or the error that the server answered. */
export type Decoded = PlainReply | ReplyError;

export interface ReplyDecoder {
  /** Takes the next bytes; calls back once for each complete reply. Throws WrongReplyError on anything but RESP2. */
  feed(chunk: Buffer): void;
}

const COLON = 0x3a;
const DOLLAR = 0x24;
const MINUS = 0x2d;
const PLUS = 0x2b;
const STAR = 0x2a;
/** A longer status or length line is no RESP. */
const LINE_LIMIT = 64 << 10;
/** Four times what a blob has at most: a server that announces more gets no memory for it. */
const BULK_LIMIT = 64 << 20;

interface OpenArray {
  items: Decoded[];
  left: number;
}

/** @param bulkLimit bytes that one bulk string may have. */
export function replyDecoder(
  onReply: (reply: Decoded) => void,
  bulkLimit: number = BULK_LIMIT,
): ReplyDecoder {
  let rest: Buffer = Buffer.alloc(0);
  let bulk: { into: Buffer; filled: number } | null = null;
  const open: OpenArray[] = [];

  function emit(value: Decoded): void {
    let reply = value;
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      top.items.push(reply);
      top.left--;
      if (top.left > 0) return;
      open.pop();
      reply = top.items.find((item) => item instanceof ReplyError) ?? (top.items as PlainReply[]);
    }
    onReply(reply);
  }

  /** @returns the bytes that were used, CRLF included; 0 when the bulk continues in later chunks. */
  function startBulk(chunk: Buffer, at: number, length: number): number {
    const end = at + length + 2;
    if (end <= chunk.length) {
      emit(chunk.subarray(at, at + length));
      return end;
    }
    const into = Buffer.allocUnsafe(length + 2);
    bulk = { into, filled: chunk.copy(into, 0, at) };
    return chunk.length;
  }

  /** Uses up whole lines and bulks from `at`; returns where an incomplete line begins. */
  function parse(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length) {
      const end = chunk.indexOf("\r\n", at + 1, "latin1");
      if (end < 0) return at;
      const type = chunk[at]!;
      if (type !== DOLLAR) {
        if (![PLUS, MINUS, COLON, STAR].includes(type)) throw notResp(chunk, at);
        const reply = readLine(type, chunk.toString("utf8", at + 1, end));
        if (typeof reply === "object" && reply !== null && "arrayOf" in reply)
          open.push({ items: [], left: reply.arrayOf });
        else emit(reply);
        at = end + 2;
        continue;
      }
      const length = Number(chunk.toString("latin1", at + 1, end));
      if (!Number.isSafeInteger(length) || length < -1 || length > bulkLimit) throw notResp(chunk, at);
      at = end + 2;
      if (length < 0) emit(null);
      else at = startBulk(chunk, at, length);
    }
    return at;
  }

  return {
    feed(received) {
      let chunk = received;
      if (bulk !== null) {
        const used = chunk.copy(bulk.into, bulk.filled);
        bulk.filled += used;
        if (bulk.filled < bulk.into.length) return;
        const content = bulk.into.subarray(0, bulk.into.length - 2);
        bulk = null;
        emit(content);
        chunk = chunk.subarray(used);
      }
      if (rest.length > 0) chunk = Buffer.concat([rest, chunk]);
      rest = chunk.subarray(parse(chunk));
      if (rest.length > LINE_LIMIT) throw notResp(rest, 0);
    },
  };
}

/** A reply of one line, or the number of replies that an array consists of. */
function readLine(type: number, text: string): Decoded | { arrayOf: number } {
  if (type === PLUS) return text;
  if (type === MINUS) return new ReplyError(text);
  if (!/^-?\d+$/.test(text)) {
    throw new WrongReplyError(`the server sent '${text.slice(0, 40)}' where a number belongs`);
  }
  const number = Number(text);
  if (type === COLON) return Number.isSafeInteger(number) ? number : BigInt(text);
  if (number < 0) return null;
  return number === 0 ? [] : { arrayOf: number };
}

function notResp(chunk: Buffer, at: number): WrongReplyError {
  const text = JSON.stringify(chunk.toString("latin1", at, at + 20));
  return new WrongReplyError(`the answer ${text} is not RESP: is this a datadb server?`);
}
