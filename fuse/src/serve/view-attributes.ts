/** Attributes of views, and what a backup says of itself in extended attributes. */
import type { Backup } from "@datadb/client";
import type { Meta } from "@datadb/protocol";
import { type InodeNumber, inodeBelow } from "../inodes/inode-number.ts";
import { writeAttributes } from "../kernel/attributes.ts";
import { ATTR_BYTES } from "../kernel/reply.ts";
import { noticeText, type View } from "../tree/views.ts";

/** Who mounted, and when. */
export interface Mounter {
  uid: number;
  gid: number;
  /** Nanoseconds since 1970. */
  time: bigint;
}

const ROOT_INODE: InodeNumber = { low: 1, high: 0 };
const MILLISECOND = 1_000_000n;

export function viewInode(view: View): InodeNumber {
  return view.path === "" ? ROOT_INODE : inodeBelow(ROOT_INODE, Buffer.from(view.path));
}

/** `root` is the backup's root meta; views of other kinds need none. */
export function viewAttributes(view: View, root: Meta | null, mounter: Mounter): Buffer {
  const words = new Uint32Array(ATTR_BYTES / 4);
  const { low, high } = viewInode(view);
  const { uid, gid, time } = mounter;
  if (view.kind === "backup" && root !== null) {
    writeAttributes(words, 0, root, low, high);
  } else if (view.kind === "notice") {
    const size = Buffer.byteLength(noticeText(view.backup));
    const mtime = BigInt(Date.parse(view.backup.time)) * MILLISECOND;
    writeAttributes(words, 0, { type: "file", mode: 0o444, uid, gid, mtime, size }, low, high);
  } else {
    writeAttributes(words, 0, { type: "directory", mode: 0o555, uid, gid, mtime: time, size: 0 }, low, high);
  }
  return Buffer.from(words.buffer);
}

/** Which backup it is. Answered when asked for by name, but not listed: copies of the tree with all attributes stay exact. */
export function backupXattrs(backup: Backup): NonNullable<Meta["xattrs"]> {
  const { id, time, host, path, name, complete } = backup;
  const told = { backup: id, time, host, path, name, complete: complete ? "yes" : "no" };
  return Object.entries(told).map(([key, value]) => ({
    name: Buffer.from(`user.datadb.${key}`),
    value: Buffer.from(value),
  }));
}
