/** Reads requests of the kernel. Offsets are into a buffer that begins with the request. */
import { REQUEST_HEADER } from "./constants.ts";

const TWO_32 = 2 ** 32;

/** The header of a request. `unique` is kept as two halves: it is only ever echoed. */
export interface Request {
  length: number;
  opcode: number;
  uniqueLow: number;
  uniqueHigh: number;
  node: number;
  /** The thread that asks, as the mounting process sees it. */
  pid: number;
}

/** A number of 64 bits that is below 2^53, such as an offset or one of our own node ids. */
export function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * TWO_32;
}

export function readRequest(bytes: Buffer): Request {
  return {
    length: bytes.readUInt32LE(0),
    opcode: bytes.readUInt32LE(4),
    uniqueLow: bytes.readUInt32LE(8),
    uniqueHigh: bytes.readUInt32LE(12),
    node: readNumber(bytes, 16),
    pid: bytes.readUInt32LE(32),
  };
}

/** The name in the body of LOOKUP, as a view without the NUL. */
export function readName(bytes: Buffer, length: number, at: number = REQUEST_HEADER): Buffer {
  const end = bytes.indexOf(0, at);
  return bytes.subarray(at, end < 0 || end > length ? length : end);
}

/** Body of READ, READDIR and READDIRPLUS. */
export interface ReadBody {
  handle: number;
  offset: number;
  size: number;
}

export function readReadBody(bytes: Buffer): ReadBody {
  return {
    handle: readNumber(bytes, REQUEST_HEADER),
    offset: readNumber(bytes, REQUEST_HEADER + 8),
    size: bytes.readUInt32LE(REQUEST_HEADER + 16),
  };
}

/** Body of GETXATTR and LISTXATTR: how much may be answered (0: only the size) and for GETXATTR the name. */
export function readXattrBody(bytes: Buffer, length: number): { size: number; name: Buffer } {
  const name = length > REQUEST_HEADER + 8 ? readName(bytes, length, REQUEST_HEADER + 8) : Buffer.alloc(0);
  return { size: bytes.readUInt32LE(REQUEST_HEADER), name };
}

/** Body of LSEEK. */
export function readSeekBody(bytes: Buffer): { handle: number; offset: number; whence: number } {
  return {
    handle: readNumber(bytes, REQUEST_HEADER),
    offset: readNumber(bytes, REQUEST_HEADER + 8),
    whence: bytes.readUInt32LE(REQUEST_HEADER + 16),
  };
}

/** What FORGET and BATCH_FORGET give up: nodes and how many lookups of each. A batch that says more than it holds is cut. */
export function readForgets(
  bytes: Buffer,
  request: Request,
  batch: boolean,
): [node: number, count: number][] {
  if (!batch) return [[request.node, readNumber(bytes, REQUEST_HEADER)]];
  const forgets: [number, number][] = [];
  const count = bytes.readUInt32LE(REQUEST_HEADER);
  for (let i = 0, at = REQUEST_HEADER + 8; i < count && at + 16 <= request.length; i++, at += 16)
    forgets.push([readNumber(bytes, at), readNumber(bytes, at + 8)]);
  return forgets;
}
