/** Owner, mode, attributes and time of a written file, in the one order in which none undoes another. */
import fs from "node:fs";
import { nativeSupport } from "../native/load-native.ts";
import type { FileTarget } from "./job.ts";

const SET_ID_OR_STICKY = 0o7000;

/** `umask`: what the permissions lost when the file was created. */
export function finishFile(fd: number, target: FileTarget, umask: number): void {
  const { mode, owner, xattrs, mtime, stripAcl } = target;
  const { native } = nativeSupport();
  if (owner !== null) fs.fchownSync(fd, owner.uid, owner.gid);
  // The inherited ACL must go before the mode is set: with one, the mode's group bits are the ACL's mask.
  if (stripAcl && native !== null) removeAcl(fd);
  // Changing owner or content clears set-id bits, so they are set after both.
  const lost = owner !== null || stripAcl || (mode & umask) !== 0 || (mode & SET_ID_OR_STICKY) !== 0;
  if (lost) fs.fchmodSync(fd, mode);
  for (const { name, value } of xattrs) native?.setFileXattr(fd, name, value);
  if (native !== null) native.setFileTime(fd, mtime);
  else fs.futimesSync(fd, Number(mtime) / 1e9, Number(mtime) / 1e9);
}

function removeAcl(fd: number): void {
  nativeSupport().native!.removeFileXattr(fd, Buffer.from("system.posix_acl_access"));
}
