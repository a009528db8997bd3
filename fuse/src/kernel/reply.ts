/** Replies to the kernel. Every function writes all bytes of what it makes: reused buffers leak nothing. */
import { REPLY_HEADER } from "./constants.ts";
import type { Request } from "./request.ts";

export type { Request } from "./request.ts";

const TWO_32 = 2 ** 32;

/** Bytes of the structures behind the header. */
export const ATTR_BYTES = 88;
export const ENTRY_BYTES: number = 40 + ATTR_BYTES;

/** How long the kernel may rely on what it was told, in seconds. */
export interface Validity {
  entry: number;
  attributes: number;
}

/** Content that never changes: a year, which is longer than mounts last. */
export const FOREVER: Validity = { entry: 31_536_000, attributes: 31_536_000 };

/** Writes a number below 2^53 as 64 bits. */
export function writeNumber(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % TWO_32, at);
  bytes.writeUInt32LE(Math.floor(value / TWO_32), at + 4);
}

/** `error` is a positive error number, 0 for success. */
export function replyHeader(bytes: Buffer, request: Request, length: number, error = 0): void {
  bytes.writeUInt32LE(length, 0);
  bytes.writeInt32LE(-error, 4);
  bytes.writeUInt32LE(request.uniqueLow, 8);
  bytes.writeUInt32LE(request.uniqueHigh, 12);
}

/** The header in front of content that follows in other buffers. */
export function headerOf(request: Request, length: number): Buffer {
  const header = Buffer.allocUnsafe(REPLY_HEADER);
  replyHeader(header, request, REPLY_HEADER + length);
  return header;
}

export function errorReply(request: Request, error: number): Buffer {
  const reply = Buffer.allocUnsafe(REPLY_HEADER);
  replyHeader(reply, request, REPLY_HEADER, error);
  return reply;
}

export function emptyReply(request: Request): Buffer {
  return errorReply(request, 0);
}

export function bytesReply(request: Request, content: Buffer): Buffer {
  const reply = Buffer.allocUnsafe(REPLY_HEADER + content.length);
  replyHeader(reply, request, reply.length);
  content.copy(reply, REPLY_HEADER);
  return reply;
}

/** An entry with its attributes (88 bytes, as attributes() makes them). Node 0 means: there is no such name, and that is so for ever. */
export function writeEntry(
  bytes: Buffer,
  at: number,
  node: number,
  attributes: Buffer | null,
  validity: Validity,
): void {
  bytes.fill(0, at, at + 40);
  writeNumber(bytes, node, at);
  writeNumber(bytes, validity.entry, at + 16);
  writeNumber(bytes, validity.attributes, at + 24);
  if (attributes === null) bytes.fill(0, at + 40, at + ENTRY_BYTES);
  else attributes.copy(bytes, at + 40, 0, ATTR_BYTES);
}

export function entryReply(
  request: Request,
  node: number,
  attributes: Buffer | null,
  validity: Validity,
): Buffer {
  const reply = Buffer.allocUnsafe(REPLY_HEADER + ENTRY_BYTES);
  replyHeader(reply, request, reply.length);
  writeEntry(reply, REPLY_HEADER, node, attributes, validity);
  return reply;
}

export function attributesReply(request: Request, attributes: Buffer, validity: Validity): Buffer {
  const reply = Buffer.alloc(REPLY_HEADER + 16 + ATTR_BYTES);
  replyHeader(reply, request, reply.length);
  writeNumber(reply, validity.attributes, REPLY_HEADER);
  attributes.copy(reply, REPLY_HEADER + 16, 0, ATTR_BYTES);
  return reply;
}

export function openReply(request: Request, handle: number, flags: number): Buffer {
  const reply = Buffer.alloc(REPLY_HEADER + 16);
  replyHeader(reply, request, reply.length);
  writeNumber(reply, handle, REPLY_HEADER);
  reply.writeUInt32LE(flags, REPLY_HEADER + 8);
  return reply;
}

/** A single number of 64 bits (LSEEK), or a size of 32 bits (GETXATTR that asked for the size). */
export function numberReply(request: Request, value: number): Buffer {
  const reply = Buffer.alloc(REPLY_HEADER + 8);
  replyHeader(reply, request, reply.length);
  writeNumber(reply, value, REPLY_HEADER);
  return reply;
}

/** What df shows: a full disk of this many bytes and entries. */
export function statfsReply(request: Request, bytes: number, entries: number): Buffer {
  const reply = Buffer.alloc(REPLY_HEADER + 80);
  replyHeader(reply, request, reply.length);
  writeNumber(reply, Math.ceil(bytes / 4096), REPLY_HEADER);
  writeNumber(reply, entries, REPLY_HEADER + 24);
  reply.writeUInt32LE(4096, REPLY_HEADER + 40);
  reply.writeUInt32LE(255, REPLY_HEADER + 44);
  reply.writeUInt32LE(4096, REPLY_HEADER + 48);
  return reply;
}
