/**
 * Open descriptors of destination directories. Every directory is opened by name in its open parent and without
 * following a symlink, so that no backup and no other process can lead a write outside the destination.
 */
import fs from "node:fs";
import { ExistsError, type Meta, UnsafePathError } from "@datadb/protocol";
import { nativeSupport } from "../native/load-native.ts";
import { isStore } from "../source/is-store.ts";
import { type Directory, pathIn } from "./directory.ts";
import { makeWritable } from "./make-writable.ts";
import { pathAt } from "./new-file.ts";

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
const FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
const SET_GROUP_ID = 0o2000;
/** Descriptors kept open for directories that nobody uses just now. */
const IDLE_LIMIT = 64;

export interface DirectoryHandles {
  /** Opens the destination itself; here a symlink is what the user named, and is followed. */
  openRoot(path: string, meta: Meta | null, existed: boolean): Directory;
  /** Creates or enters a directory; `replace` allows it to take the place of something that is no directory. */
  enter(parent: Directory, meta: Meta, replace: boolean): Directory;
  /** The descriptor, opened again when it was closed; stays open until unpin. */
  pin(directory: Directory): number;
  unpin(directory: Directory): void;
  /** Closes a directory that is finished. */
  close(directory: Directory): void;
  closeAll(): void;
}

/** `storeId`: hex; the directory of that store is entered by no name. */
export function directoryHandles(gid: number, storeId: string): DirectoryHandles {
  const open = new Set<Directory>();

  function register(directory: Directory, fd: number): void {
    directory.fd = fd;
    open.add(directory);
    if (open.size <= IDLE_LIMIT) return;
    for (const other of open) {
      if (other.pins > 0 || other === directory || other.parent === null) continue;
      close(other);
      if (open.size <= IDLE_LIMIT) return;
    }
  }

  function close(directory: Directory): void {
    if (directory.fd < 0) return;
    fs.closeSync(directory.fd);
    directory.fd = -1;
    open.delete(directory);
  }

  function describe(directory: Directory, fd: number): void {
    const stat = fs.fstatSync(fd);
    directory.identity = `${stat.dev}:${stat.ino}`;
    directory.createdGid = stat.mode & SET_GROUP_ID ? stat.gid : gid;
    directory.inheritsAcl =
      (directory.existed || (directory.parent?.inheritsAcl ?? false)) && hasDefaultAcl(fd);
    register(directory, fd);
  }

  function pin(directory: Directory): number {
    directory.pins++;
    if (directory.fd >= 0) return directory.fd;
    const { parent } = directory;
    if (parent === null) throw new UnsafePathError("the destination was closed");
    const parentFd = pin(parent);
    try {
      const fd = fs.openSync(pathAt(parentFd, directory.name), FLAGS);
      const stat = fs.fstatSync(fd);
      if (`${stat.dev}:${stat.ino}` !== directory.identity) {
        fs.closeSync(fd);
        throw new UnsafePathError(`'${directory.path}' was replaced by another directory during the restore`);
      }
      register(directory, fd);
      return fd;
    } catch (error) {
      directory.pins--;
      throw error;
    } finally {
      parent.pins--;
    }
  }

  return {
    pin,
    unpin: (directory) => void directory.pins--,
    close,
    closeAll: () => [...open].forEach(close),
    openRoot(path, meta, existed) {
      const root = newDirectory(null, Buffer.alloc(0), Buffer.alloc(0), meta, existed);
      if (meta !== null) makeWritable(path, 0);
      describe(root, fs.openSync(path, O_RDONLY | O_DIRECTORY));
      root.pins++;
      return root;
    },
    enter(parent, meta, replace) {
      const parentFd = pin(parent);
      try {
        const path = pathAt(parentFd, meta.name);
        const existed = !makeDirectory(path, { replace, storeId }, pathIn(parent, meta.name));
        const directory = newDirectory(parent, meta.name, pathIn(parent, meta.name), meta, existed);
        describe(directory, fs.openSync(path, FLAGS));
        parent.pending++;
        return directory;
      } finally {
        parent.pins--;
      }
    },
  };
}

function newDirectory(
  parent: Directory | null,
  name: Buffer,
  path: Buffer,
  meta: Meta | null,
  existed: boolean,
): Directory {
  const open = { fd: -1, pins: 0, pending: 1, identity: "", createdGid: 0, inheritsAcl: false };
  return { parent, name, path, meta, existed, ...open };
}

/** @returns false when a directory was there. Private until it is finished and gets its own mode. */
function makeDirectory(
  path: Buffer,
  { replace, storeId }: { replace: boolean; storeId: string },
  shown: Buffer,
): boolean {
  try {
    fs.mkdirSync(path, 0o700);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (!replace) throw new ExistsError(`'${shown}' exists already`);
  const stat = fs.lstatSync(path);
  if (stat.isDirectory()) {
    if (isStore(path, storeId))
      throw new UnsafePathError(`'${shown}' is the store itself`, "restore what is in it to another place");
    makeWritable(path, O_NOFOLLOW);
    return false;
  }
  fs.unlinkSync(path);
  fs.mkdirSync(path, 0o700);
  return true;
}

function hasDefaultAcl(fd: number): boolean {
  const { native } = nativeSupport();
  if (native === null) return false;
  const names = native.listXattrs(`/proc/self/fd/${fd}/.`);
  return names.some((name) => name.toString() === "system.posix_acl_default");
}
