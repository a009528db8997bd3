/** The real disk behind FileSystem: raw descriptors and the callback API, which costs half of what FileHandle objects do. */
import fs from "node:fs";
import { readdir, rename, stat, statfs, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { FileHandle, FileSystem, OpenMode } from "./file-system.ts";
import { makeDirectories } from "./make-directories.ts";

/** Packs hold backups: nobody but the owner reads them. */
const FILE_MODE = 0o600;

/** Read-write even for "write": the header is read back through the same descriptor. */
const FLAGS: Record<OpenMode, string> = { read: "r", write: "r+", create: "wx+" };

type Done = (error: NodeJS.ErrnoException | null) => void;

function promised(start: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error === null ? resolve() : reject(error))));
}

function readOnce(fd: number, target: Buffer, from: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, target, from, target.length - from, position, (error, bytes) =>
      error === null ? resolve(bytes) : reject(error),
    );
  });
}

function writeOnce(fd: number, buffers: readonly Buffer[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.writev(fd, buffers, position, (error, bytes) =>
      error === null ? resolve(bytes ?? 0) : reject(error),
    );
  });
}

/** What is left of `buffers` after their first `written` bytes. */
function rest(buffers: readonly Buffer[], written: number): Buffer[] {
  let skip = written;
  let index = 0;
  while (index < buffers.length && skip >= buffers[index]!.length) skip -= buffers[index++]!.length;
  const left = buffers.slice(index);
  if (left.length > 0) left[0] = left[0]!.subarray(skip);
  return left;
}

function handle(fd: number): FileHandle {
  return {
    fd,
    async read(target, position) {
      let total = 0;
      while (total < target.length) {
        const bytes = await readOnce(fd, target, total, position + total);
        if (bytes === 0) break;
        total += bytes;
      }
      return total;
    },
    async write(buffers, position) {
      let left = buffers;
      let at = position;
      // A nearly full disk writes a part and reports it as success; only the next call gets ENOSPC.
      while (left.length > 0) {
        const bytes = await writeOnce(fd, left, at);
        if (bytes === 0 && left.some((buffer) => buffer.length > 0)) {
          throw Object.assign(new Error("a write wrote nothing"), { code: "EIO", syscall: "pwritev" });
        }
        at += bytes;
        left = rest(left, bytes);
      }
    },
    sync: () => promised((done) => fs.fdatasync(fd, done)),
    truncate: (length) => promised((done) => fs.ftruncate(fd, length, done)),
    close: () => promised((done) => fs.close(fd, done)),
  };
}

function openDescriptor(path: string, flags: string | number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, FILE_MODE, (error, fd) => (error === null ? resolve(fd) : reject(error)));
  });
}

async function syncDirectory(path: string): Promise<void> {
  const fd = await openDescriptor(path, "r");
  try {
    await promised((done) => fs.fsync(fd, done));
  } finally {
    await promised((done) => fs.close(fd, done));
  }
}

/** A file opened in a way that OpenMode does not have; `flags` as open(2) has them. */
export async function openFlags(path: string, flags: number): Promise<FileHandle> {
  return handle(await openDescriptor(path, flags));
}

/** The operating system's files. */
export const nodeFileSystem: FileSystem = {
  open: async (path, mode) => handle(await openDescriptor(path, FLAGS[mode])),
  list: (directory) => readdir(directory),
  async stat(path) {
    try {
      return { size: (await stat(path)).size };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  },
  async makeDirectory(path) {
    const first = await makeDirectories(path);
    if (first === null) return;
    for (let made = path; made.length >= first.length; made = dirname(made))
      await syncDirectory(dirname(made));
  },
  rename: (from, to) => rename(from, to),
  unlink: (path) => unlink(path),
  syncDirectory,
  async freeBytes(directory) {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
};
