/** What the C library can do and Node cannot: exact times, extended attributes, special files, holes, options of sockets. */

import type { SocketCalls } from "./socket-calls.ts";
import type { StatCalls } from "./stat-calls.ts";

export type { EntryStat } from "./stat-calls.ts";

/** A path as bytes or text; Buffers reach the kernel unchanged, so names need not be UTF-8. */
export type NativePath = string | Buffer;

/** An extended attribute; POSIX ACLs are the attributes `system.posix_acl_access` and `..._default`. */
export interface Xattr {
  name: Buffer;
  value: Buffer;
}

/** Type bits of `mode` for makeNode. */
export const NODE_TYPE = {
  fifo: 0o010000,
  "character-device": 0o020000,
  "block-device": 0o060000,
  socket: 0o140000,
} as const;

/**
 * All calls are synchronous (1 to 2 µs beside the kernel's own time), never follow a symlink in the last
 * component, and throw what node:fs would: an Error with `code`, `errno`, `syscall`, `path`.
 */
export interface Native extends StatCalls, SocketCalls {
  /** All attributes, sorted by name as bytes; empty where the file system has none. */
  readXattrs(path: NativePath): Xattr[];
  /** Names only. */
  listXattrs(path: NativePath): Buffer[];
  setXattr(path: NativePath, name: Buffer, value: Buffer): void;
  removeXattr(path: NativePath, name: Buffer): void;
  /** As setXattr, on an open file or directory. */
  setFileXattr(fd: number, name: Buffer, value: Buffer): void;
  /** Sets the modification time, in nanoseconds since 1970; the access time stays. */
  setTime(path: NativePath, mtime: bigint): void;
  /** As setTime, on an open file. */
  setFileTime(fd: number, mtime: bigint): void;
  /** Creates a fifo, socket or device; `mode` holds type bits (NODE_TYPE) and permissions, under the umask. */
  makeNode(path: NativePath, mode: number, device?: { major: number; minor: number }): void;
  /** Start of the next data at or after `offset`; null when only a hole is left. Moves the file's position. */
  seekData(fd: number, offset: number): number | null;
  /** Start of the next hole at or after `offset`; the end of the file counts as one. Moves the file's position. */
  seekHole(fd: number, offset: number): number;
  /** Removes an attribute of an open file; one that is not there is no error. */
  removeFileXattr(fd: number, name: Buffer): void;
  /**
   * Opens a new file without a name in an open directory, for writing; `mode` under the umask. It vanishes when
   * closed, unless linkFile gave it a name. Null where the file system cannot do that.
   */
  openUnnamed(directory: number, mode: number): number | null;
  /** Names a file from openUnnamed. Throws EEXIST, and replaces nothing. */
  linkFile(fd: number, directory: number, name: Buffer): void;
}
