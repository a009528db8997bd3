/** The meta: what is recorded of one file, directory, table or other entry. Node type 5. */

/** What an entry is. */
export type EntryType =
  | "file"
  | "directory"
  | "symlink"
  | "fifo"
  | "socket"
  | "character-device"
  | "block-device";

/** One entry. Fields that are absent have their default; `undefined` counts as absent. */
export interface Meta {
  /** Raw bytes, as the source has them; the root's is the base name. */
  name: Buffer;
  type: EntryType;
  /** Permission bits including setuid, setgid and sticky (07777). */
  mode: number;
  uid: number;
  gid: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  /** Bytes of a file; for a directory, content bytes below it. */
  size: number;
  /** For a directory: entries below it, at any depth. 0 when absent. */
  entries?: number | undefined;
  /** The one data blob that is the content. */
  chunk?: Buffer | undefined;
  /** Root node of the content's list. */
  list?: Buffer | undefined;
  /** Root node of the directory's entries; an empty directory has none. */
  directory?: Buffer | undefined;
  /** Raw bytes of a symlink's target. */
  target?: Buffer | undefined;
  device?: { major: number; minor: number } | undefined;
  /** Path, from the backup's root, of the first entry of the same hard-linked file; on every member. */
  link?: Buffer | undefined;
  /** POSIX ACLs are among them. */
  xattrs?: readonly { name: Buffer; value: Buffer }[] | undefined;
  user?: string | undefined;
  group?: string | undefined;
  /** What a source adds, JSON. */
  source?: string | undefined;
  /** Fields of newer writers, by ascending tag, kept as they are. */
  unknown?: readonly { tag: number; value: Buffer }[] | undefined;
}

/** Permanent. */
export const ENTRY_TYPE_BYTE: Readonly<Record<EntryType, number>> = {
  file: 1,
  directory: 2,
  symlink: 3,
  fifo: 4,
  socket: 5,
  "character-device": 6,
  "block-device": 7,
};

/** All types, in the order of their numbers. */
export const ENTRY_TYPES: readonly EntryType[] = Object.keys(ENTRY_TYPE_BYTE) as EntryType[];

/** Tags of the fields. Permanent. */
export const META_TAG = {
  name: 1,
  type: 2,
  mode: 3,
  uid: 4,
  gid: 5,
  mtime: 6,
  size: 7,
  entries: 8,
  chunk: 9,
  list: 10,
  directory: 11,
  target: 12,
  device: 13,
  link: 14,
  xattr: 15,
  user: 16,
  group: 17,
  source: 18,
} as const;

/** The greatest tag that this version knows. */
export const LAST_META_TAG = 18;
