/**
 * What the main thread asks of a worker, as bytes in shared memory: records go from the store to the worker
 * without becoming objects of a message.
 *
 * A job is a list of entries. Entry: kind u8, target (below), part count u32, parts.
 *   FILE target:    directory fd i32, flags u8, mode u16, uid u32, gid u32, mtime i64, size f64, name u16 + bytes
 *   PARTS, COMPARE: fd i32
 * Part of FILE and PARTS: offset f64, records u8 (bases first); record: encoding u8, length u32, payload u32,
 * name n, payload. Part of COMPARE: offset f64, length f64, hole u8, name n.
 */
import type { BlobRecord } from "@datadb/protocol";
import type { Xattr } from "../native/native.ts";

/** Write a whole file; write parts into an open file; compare an open file with names. */
export const JOB_ENTRY = { file: 0, parts: 1, compare: 2 } as const;

/** Flags of a FILE. */
export const FILE_FLAG = { replace: 1, owner: 2, stripAcl: 4 } as const;

export const ENCODINGS = ["raw", "zstd", "zstd-delta"] as const;

/** Where the content of a whole file goes. */
export interface FileTarget {
  directoryFd: number;
  name: Buffer;
  mode: number;
  owner: { uid: number; gid: number } | null;
  mtime: bigint;
  size: number;
  /** Replace what has the name already; otherwise that is EEXIST. */
  replace: boolean;
  /** The directory hands down a default ACL, which the new file must not keep. */
  stripAcl: boolean;
  xattrs: readonly Xattr[];
}

/** A piece of content and the records it is decoded from, bases first. */
export interface ContentPart {
  offset: number;
  chain: readonly BlobRecord[];
}

/** A piece of an existing file and the blob it should equal; null means zeros. */
export interface ComparePart {
  offset: number;
  length: number;
  name: Buffer | null;
}

export interface JobMessage {
  id: number;
  bytes: SharedArrayBuffer;
  length: number;
  /** Of FILE entries that have some: index of the entry and its attributes. */
  xattrs: [number, readonly Xattr[]][];
}

/** Code of a compared file that is not the same. */
export const DIFFERENT = "DIFFERENT";

/** One entry that failed. */
export interface JobFailure {
  index: number;
  code: string;
  message: string;
}

export interface JobResult {
  id: number;
  failures: JobFailure[];
}
