/** A file that gets its name only when it is complete. */
import fs from "node:fs";
import { nativeSupport } from "../native/load-native.ts";
import { temporaryName } from "./temporary-name.ts";

/** An open, incomplete file: `temporary` is its name in the meantime, null when it has none. */
export interface NewFile {
  fd: number;
  temporary: Buffer | null;
}

let unnamedWorks = true;

/** A path relative to an open directory, whatever happens meanwhile to the names above it. */
export function pathAt(directoryFd: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directoryFd}/`), name]);
}

/** Creates a file for writing in an open directory; `mode` (permissions) under the umask. */
export function createFile(directoryFd: number, mode: number): NewFile {
  const { native } = nativeSupport();
  if (native !== null && unnamedWorks) {
    const fd = native.openUnnamed(directoryFd, mode);
    if (fd !== null) return { fd, temporary: null };
    unnamedWorks = false;
  }
  const temporary = temporaryName();
  const flags = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL;
  return { fd: fs.openSync(pathAt(directoryFd, temporary), flags, mode), temporary };
}

/** Gives a complete file its name. Without `replace` an existing entry is EEXIST. The descriptor stays open. */
export function publishFile(file: NewFile, directoryFd: number, name: Buffer, replace: boolean): void {
  const path = pathAt(directoryFd, name);
  if (file.temporary === null) {
    const native = nativeSupport().native!;
    if (!replace) {
      native.linkFile(file.fd, directoryFd, name);
      return;
    }
    file.temporary = temporaryName();
    native.linkFile(file.fd, directoryFd, file.temporary);
  } else if (!replace && exists(path)) {
    throw Object.assign(new Error("EEXIST: file already exists"), { code: "EEXIST" });
  }
  fs.renameSync(pathAt(directoryFd, file.temporary), path);
  file.temporary = null;
}

/** Closes the file, and removes it when it was not published. */
export function discardFile(file: NewFile, directoryFd: number): void {
  fs.closeSync(file.fd);
  if (file.temporary !== null) fs.rmSync(pathAt(directoryFd, file.temporary), { force: true });
}

function exists(path: Buffer): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
