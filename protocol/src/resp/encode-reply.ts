/** Writes replies as RESP2 or RESP3. Small pieces are gathered into one buffer, large bulks are passed on without a copy. */
import {
  fitsInt64,
  formatDouble,
  MapReply,
  type Reply,
  ReplyError,
  SetReply,
  SimpleString,
  Verbatim,
} from "./reply.ts";
import { WireWriter } from "./wire-writer.ts";

/** The protocol that a connection speaks; 2 until HELLO 3. */
export type RespVersion = 2 | 3;

const LINE_BREAKS = /[\r\n]+/g;
const gathered: WireWriter = new WireWriter();

/** The buffers of one reply, in order, appended to `out`; valid for ever (bulks above a few KiB are the reply's own buffers). */
export function encodeReply(reply: Reply, version: RespVersion, out: Buffer[] = []): Buffer[] {
  gathered.begin();
  writeReply(gathered, reply, version);
  return gathered.finish(out);
}

/** The buffers of several replies, in order: what a pipeline's answers are written with. */
export function encodeReplies(replies: readonly Reply[], version: RespVersion, out: Buffer[] = []): Buffer[] {
  gathered.begin();
  for (const reply of replies) writeReply(gathered, reply, version);
  return gathered.finish(out);
}

function writeReply(out: WireWriter, reply: Reply, version: RespVersion): void {
  if (typeof reply === "string") out.bulkText(reply);
  else if (Buffer.isBuffer(reply)) out.bulk(reply);
  else if (typeof reply === "number") writeNumber(out, reply, version);
  else if (reply === null) out.ascii(version === 3 ? "_\r\n" : "$-1\r\n");
  else if (Array.isArray(reply)) {
    out.header("*", reply.length);
    for (const item of reply) writeReply(out, item, version);
  } else if (reply instanceof SimpleString) out.line("+", reply.text.replace(LINE_BREAKS, " "));
  else if (reply instanceof ReplyError) out.line("-", reply.message.replace(LINE_BREAKS, " "));
  else if (typeof reply === "boolean") {
    if (version === 3) out.ascii(reply ? "#t\r\n" : "#f\r\n");
    else out.header(":", reply ? 1 : 0);
  } else if (typeof reply === "bigint") writeBigInt(out, reply, version);
  else writeAggregate(out, reply as Exclude<typeof reply, readonly Reply[]>, version);
}

function writeAggregate(
  out: WireWriter,
  reply: MapReply | SetReply | Verbatim | object,
  version: RespVersion,
): void {
  if (reply instanceof MapReply) {
    const { entries } = reply;
    out.header(version === 3 ? "%" : "*", version === 3 ? entries.length : entries.length * 2);
    for (const [key, value] of entries) {
      writeReply(out, key, version);
      writeReply(out, value, version);
    }
  } else if (reply instanceof SetReply) {
    out.header(version === 3 ? "~" : "*", reply.members.length);
    for (const member of reply.members) writeReply(out, member, version);
  } else if (reply instanceof Verbatim) {
    if (version === 3) out.bulkText(`txt:${reply.text}`, "=");
    else out.bulkText(reply.text);
  } else out.ascii(version === 3 ? "_\r\n" : "*-1\r\n");
}

function writeNumber(out: WireWriter, value: number, version: RespVersion): void {
  if (Number.isSafeInteger(value)) out.header(":", value);
  else if (Number.isInteger(value)) writeBigInt(out, BigInt(value), version);
  else if (version === 3) out.line(",", formatDouble(value));
  else out.bulkText(formatDouble(value));
}

function writeBigInt(out: WireWriter, value: bigint, version: RespVersion): void {
  if (fitsInt64(value)) out.line(":", value.toString());
  else if (version === 3) out.line("(", value.toString());
  else out.bulkText(value.toString());
}
