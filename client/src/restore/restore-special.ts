/** Symlinks, fifos, sockets and devices: created under a temporary name, completed, renamed. */
import fs from "node:fs";
import { DamagedError, type Meta } from "@datadb/protocol";
import { nativeSupport } from "../native/load-native.ts";
import { NODE_TYPE } from "../native/native.ts";
import type { Attributes } from "./attributes.ts";
import { pathAt } from "./new-file.ts";
import { temporaryName } from "./temporary-name.ts";

/** Throws the system's error; without the native calls only symlinks can be made (ENOTSUP). */
export function restoreSpecial(
  directoryFd: number,
  meta: Meta,
  attributes: Attributes,
  { replace, stripAcl }: { replace: boolean; stripAcl: boolean },
): void {
  const temporary = pathAt(directoryFd, temporaryName());
  const path = pathAt(directoryFd, meta.name);
  if (!replace && fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw Object.assign(new Error("EEXIST: something has this name already"), { code: "EEXIST" });
  }
  create(temporary, meta, attributes.mode);
  try {
    if (stripAcl && meta.type !== "symlink") removeAcl(temporary);
    complete(temporary, meta, attributes);
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

function create(path: Buffer, meta: Meta, mode: number): void {
  if (meta.type === "symlink") {
    if (meta.target === undefined) throw new DamagedError("a symlink without target");
    fs.symlinkSync(meta.target, path);
    return;
  }
  const type = NODE_TYPE[meta.type as keyof typeof NODE_TYPE];
  const { native, missing } = nativeSupport();
  if (native === null) {
    throw Object.assign(new Error(`a ${meta.type} cannot be made here: ${missing}`), { code: "ENOTSUP" });
  }
  native.makeNode(path, type | (mode & 0o777), meta.device);
}

function complete(path: Buffer, meta: Meta, { mode, owner }: Attributes): void {
  const { native } = nativeSupport();
  if (owner !== null) fs.lchownSync(path, owner.uid, owner.gid);
  // A symlink has no mode of its own; the others were just made here under a random name and are no symlinks.
  if (meta.type !== "symlink") fs.chmodSync(path, mode);
  for (const { name, value } of meta.xattrs ?? []) native?.setXattr(path, name, value);
  if (native !== null) native.setTime(path, meta.mtime);
  else fs.lutimesSync(path, Number(meta.mtime) / 1e9, Number(meta.mtime) / 1e9);
}

/** What the directory hands down is not in the backup. */
function removeAcl(path: Buffer): void {
  const { native } = nativeSupport();
  const name = "system.posix_acl_access";
  if (native?.listXattrs(path).some((one) => one.toString() === name))
    native.removeXattr(path, Buffer.from(name));
}
