/** Metas from stats. */
import type { EntryType, Meta } from "@datadb/protocol";
import type { EntryStat, Xattr } from "../native/native.ts";
import { pathBytes } from "./entry-path.ts";
import { mtimeOf } from "./entry-stat.ts";

/** Names of users and groups by id. */
export interface OwnerNames {
  users: ReadonlyMap<number, string>;
  groups: ReadonlyMap<number, string>;
}

/** The meta of an entry without its content. `name` is latin1. */
export function entryMeta(
  name: string,
  type: EntryType,
  stat: EntryStat,
  owners: OwnerNames,
  xattrs: Xattr[] | undefined,
): Meta {
  return {
    name: Buffer.from(name, "latin1"),
    type,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    mtime: mtimeOf(stat),
    size: 0,
    entries: undefined,
    chunk: undefined,
    list: undefined,
    directory: undefined,
    target: undefined,
    device: undefined,
    link: undefined,
    xattrs,
    user: owners.users.get(stat.uid),
    group: owners.groups.get(stat.gid),
  };
}

/** Stands for a file of which only the name and the size are known. */
export function unknownMeta(name: string, size: number): Meta {
  return { name: pathBytes(name), type: "file", mode: 0, uid: 0, gid: 0, mtime: 0n, size };
}
