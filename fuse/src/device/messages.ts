/** What the thread that receives the kernel's requests and the thread that has the store tell each other. */

import type { InodeNumber } from "../inodes/inode-number.ts";
import type { Counted } from "../inodes/inode-table.ts";
import type { KernelVersion } from "../kernel/init.ts";

/** A directory of a backup that may have to be loaded. */
export interface DirectoryRef {
  /** Its node id. */
  node: number;
  /** Name of its root node; null when it is empty. */
  ref: Uint8Array | null;
  inode: InodeNumber;
  linkBase: InodeNumber;
}

/** From the receiver. `bytes` is a whole request. */
export type ReceiverMessage =
  | { kind: "ready"; version: KernelVersion }
  /** The file system was unmounted (`error` null), or the device failed. No message comes after it. */
  | { kind: "end"; error: string | null }
  | { kind: "problem"; text: string }
  /** About a view, or something that has to do with open files. */
  | { kind: "request"; bytes: Uint8Array }
  /** LOOKUP or READDIR in a directory that is not loaded. */
  | { kind: "load"; bytes: Uint8Array; directory: DirectoryRef; lean: boolean }
  /** A directory is used for the first time; its subdirectories are likely to be next. */
  | { kind: "used"; id: number; below: DirectoryRef[] }
  | { kind: "open"; handle: number; meta: Uint8Array }
  /** Chunks of small files that are likely to be opened next: names one behind the other, and content bytes. */
  | { kind: "ahead"; names: Uint8Array; lengths: number[] }
  | { kind: "read"; low: number; high: number; handle: number; offset: number; size: number }
  | { kind: "close"; handle: number }
  | { kind: "interrupt"; low: number; high: number }
  | { kind: "forget"; node: number; times: number }
  | { kind: "installed"; id: number; gone: number[] };

/** To the receiver; it looks at them before it answers its next request. */
export type ServerMessage =
  | { kind: "install"; id: number; node: number; memory: SharedArrayBuffer }
  | { kind: "count"; id: number; counted: Counted; times: number }
  | { kind: "drop"; node: number };

/** Index of the word, byte offset of the doubles, and bytes of all of it. */
export const STOP_AT = 0;
export const TOTALS_AT = 8;
export const SHARED_BYTES = 24;

/** What the receiver starts with. */
export interface ReceiverContext {
  fd: number;
  /** A word that is not 0 when the receiver shall end with the next request; bytes and entries of all backups, as doubles. */
  shared: SharedArrayBuffer;
  limitBytes: number;
}
