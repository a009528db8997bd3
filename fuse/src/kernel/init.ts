/** INIT: the first request, with which kernel and file system agree on what they can. */
import { REPLY_HEADER, REQUEST_HEADER } from "./constants.ts";
import { type Request, replyHeader } from "./reply.ts";

const MAJOR = 7;
/** The newest minor version whose structures are known here. */
const MINOR = 41;
/** The oldest with READDIRPLUS and 64-byte replies to INIT. */
const LEAST_MINOR = 23;

/** ASYNC_READ, BIG_WRITES, DO_READDIRPLUS, READDIRPLUS_AUTO, PARALLEL_DIROPS, MAX_PAGES, CACHE_SYMLINKS, INIT_EXT. */
const WANTED_FLAGS =
  (1 << 0) | (1 << 5) | (1 << 13) | (1 << 14) | (1 << 18) | (1 << 22) | (1 << 23) | (1 << 30);

/** Requests that the kernel may have open in the background (read-ahead), and from when on it slows down. */
const MAX_BACKGROUND = 64;
const CONGESTION = 48;
/** Nothing is ever written, but the kernel wants a buffer for it. */
const MAX_WRITE = 65_536;
/** 1 MiB: the longest read at once. */
const MAX_PAGES = 256;
const READAHEAD = 1 << 20;

/** A request must fit in a buffer of this size. */
export const REQUEST_BUFFER: number = 140 * 1024;

export interface KernelVersion {
  major: number;
  minor: number;
}

/** The reply to INIT; null when the kernel's version cannot be served. A newer major is answered with ours, and the kernel asks again. */
export function answerInit(
  bytes: Buffer,
  request: Request,
): { reply: Buffer; version: KernelVersion } | null {
  const version = {
    major: bytes.readUInt32LE(REQUEST_HEADER),
    minor: bytes.readUInt32LE(REQUEST_HEADER + 4),
  };
  if (version.major < MAJOR || (version.major === MAJOR && version.minor < LEAST_MINOR)) return null;
  const reply = Buffer.alloc(REPLY_HEADER + 64);
  replyHeader(reply, request, reply.length);
  const at = REPLY_HEADER;
  reply.writeUInt32LE(MAJOR, at);
  if (version.major > MAJOR) return { reply, version };
  const offered = bytes.readUInt32LE(REQUEST_HEADER + 12);
  reply.writeUInt32LE(Math.min(version.minor, MINOR), at + 4);
  reply.writeUInt32LE(READAHEAD, at + 8);
  reply.writeUInt32LE((WANTED_FLAGS & offered) >>> 0, at + 12);
  reply.writeUInt16LE(MAX_BACKGROUND, at + 16);
  reply.writeUInt16LE(CONGESTION, at + 18);
  reply.writeUInt32LE(MAX_WRITE, at + 20);
  reply.writeUInt32LE(1, at + 24);
  reply.writeUInt16LE(MAX_PAGES, at + 28);
  return { reply, version };
}
