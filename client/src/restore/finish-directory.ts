/** Gives a directory its owner, mode, attributes and time once nothing below it is written any more. */
import fs from "node:fs";
import type { Meta } from "@datadb/protocol";
import { nativeSupport } from "../native/load-native.ts";
import { attributesOf, type Restorer } from "./attributes.ts";

/** Attributes that the directory had before, or inherited, and that the backup does not have, go. */
export function finishDirectory(fd: number, meta: Meta, restorer: Restorer): void {
  const { native } = nativeSupport();
  const self = `/proc/self/fd/${fd}/.`;
  const stat = fs.fstatSync(fd);
  const { mode, owner } = attributesOf(meta, restorer, stat.gid);
  if (owner !== null || stat.uid !== restorer.uid) {
    const wanted = owner ?? { uid: restorer.uid, gid: stat.gid };
    fs.fchownSync(fd, wanted.uid, wanted.gid);
  }
  const xattrs = meta.xattrs ?? [];
  if (native !== null) {
    const kept = new Set(xattrs.map(({ name }) => name.toString("latin1")));
    for (const name of native.listXattrs(self)) if (!kept.has(name.toString("latin1"))) removeXattr(fd, name);
  }
  fs.fchmodSync(fd, mode);
  for (const { name, value } of xattrs) native?.setFileXattr(fd, name, value);
  if (native !== null) native.setFileTime(fd, meta.mtime);
  else fs.futimesSync(fd, Number(meta.mtime) / 1e9, Number(meta.mtime) / 1e9);
}

function removeXattr(fd: number, name: Buffer): void {
  // Labels of the system's security modules belong to this machine, not to the backup.
  if (name.toString("latin1").startsWith("security.")) return;
  nativeSupport().native?.removeFileXattr(fd, name);
}
