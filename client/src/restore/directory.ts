/** One directory of the destination while it is being filled. */
import type { Meta } from "@datadb/protocol";

export interface Directory {
  /** Null for the destination itself. */
  parent: Directory | null;
  name: Buffer;
  /** Path inside what is restored, for messages and hard links; empty for the destination. */
  path: Buffer;
  /** Applied when everything below is done; null: the directory keeps what it has. */
  meta: Meta | null;
  /** -1 while closed. */
  fd: number;
  /** Uses that forbid closing the descriptor. */
  pins: number;
  /** Entries and directories below that are not finished, plus one while the walk is inside. */
  pending: number;
  /** Device and inode, to notice when another directory takes its place. */
  identity: string;
  /** The group that new entries get. */
  createdGid: number;
  /** New entries inherit an ACL that they must not keep. */
  inheritsAcl: boolean;
  /** The directory was there before. */
  existed: boolean;
}

/** `path` of an entry in a directory. */
export function pathIn(directory: Directory, name: Buffer): Buffer {
  return directory.path.length === 0 ? name : Buffer.concat([directory.path, Buffer.from("/"), name]);
}
