/**
 * A disk in memory that can lose power, fill up and fail: every write is remembered until it is synced, so that `crash` can make
 * the disk as it might be found afterwards.
 */
import { basename, dirname } from "node:path";
import type { FileHandle, FileSystem, OpenMode } from "../file-system.ts";

/** What may fail; `space` is a write that finds the disk full. */
export type Operation =
  | "open"
  | "read"
  | "write"
  | "sync"
  | "truncate"
  | "list"
  | "stat"
  | "rename"
  | "unlink"
  | "syncDirectory";

/** Decides, for each un-synced change, how much of it reached the disk: 0 nothing, 1 all, between: its first part. */
export type Survival = (change: { path: string; bytes: number; index: number }) => number;

/** The simulated disk and its controls. */
export interface SimulatedFileSystem extends FileSystem {
  /** Bytes that files may have together; a write beyond writes what fits and then fails with ENOSPC. */
  capacity: number;
  /** Called before each operation; an error returned makes it fail. A failed sync loses the un-synced bytes of that file on a crash. */
  fault: ((operation: Operation, path: string) => NodeJS.ErrnoException | null) | null;
  /** Called before each operation; a promise returned holds it up. */
  delay: ((operation: Operation, path: string) => Promise<void> | null) | null;
  /** How often each operation ran. */
  readonly calls: Record<Operation, number>;
  /** A new disk, as this one might be found after a power cut now; by default with nothing that was not synced. */
  crash(survival?: Survival): SimulatedFileSystem;
  /** The content of a file as a reader sees it; undefined when there is none. */
  content(path: string): Buffer | undefined;
  /** Replaces or creates a file, durably: for damage. */
  overwrite(path: string, content: Buffer): void;
  /** Removes a file, durably. */
  lose(path: string): void;
}

type Change = { write: Buffer; position: number } | { length: number };

interface File {
  content: Buffer;
  durable: Buffer;
  unsynced: Change[];
}

/** A system error as node:fs would raise it. */
export function systemError(code: string, text: string = "simulated"): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${text}`), { code });
}

function applied(content: Buffer, change: Change, part: number): Buffer {
  if ("length" in change) {
    if (part < 1) return content;
    const cut = Buffer.alloc(change.length);
    content.copy(cut, 0, 0, change.length);
    return cut;
  }
  const written = change.write.subarray(0, Math.floor(change.write.length * part));
  if (written.length === 0) return content;
  const grown = Buffer.alloc(Math.max(content.length, change.position + written.length));
  content.copy(grown);
  written.copy(grown, change.position);
  return grown;
}

function survivor(path: string, file: File, survival: Survival): File {
  let content = file.durable;
  file.unsynced.forEach((change, index) => {
    content = applied(
      content,
      change,
      survival({ path, bytes: "write" in change ? change.write.length : 0, index }),
    );
  });
  return { content, durable: content, unsynced: [] };
}

/** An empty disk with a root directory. */
export function createSimulatedFileSystem(): SimulatedFileSystem {
  return simulate(new Map(), new Set(["/"]));
}

/** What the operations of one disk share. */
interface Disk {
  readonly files: Map<string, File>;
  readonly directories: Set<string>;
  /** The names that a crash will find, each with the file it means. */
  readonly durableNames: Map<string, File>;
  readonly controls: Pick<SimulatedFileSystem, "capacity" | "fault" | "delay" | "calls">;
}

async function begin({ controls }: Disk, operation: Operation, path: string): Promise<void> {
  // Real files answer in a later turn of the event loop: let races happen here, too.
  await new Promise((resolve) => setImmediate(resolve));
  await controls.delay?.(operation, path);
  controls.calls[operation] += 1;
  const error = controls.fault?.(operation, path) ?? null;
  if (error !== null) throw error;
}

function existing(disk: Disk, path: string): File {
  const file = disk.files.get(path);
  if (file === undefined) throw systemError("ENOENT", path);
  return file;
}

function change(file: File, made: Change): void {
  file.unsynced.push(made);
  file.content = applied(file.content, made, 1);
}

function usedBytes({ files }: Disk): number {
  return [...files.values()].reduce((sum, { content }) => sum + content.length, 0);
}

/** Writes what fits; the bytes that did not. */
function writeWithin(disk: Disk, file: File, bytes: Buffer, position: number): number {
  const used = usedBytes(disk);
  const growth = Math.max(0, position + bytes.length - file.content.length);
  const missing = Math.min(bytes.length, Math.max(0, used + growth - disk.controls.capacity));
  change(file, { write: Buffer.from(bytes.subarray(0, bytes.length - missing)), position });
  return missing;
}

async function syncFile(disk: Disk, path: string, file: File): Promise<void> {
  const upTo = file.unsynced.length;
  const { content } = file;
  try {
    await begin(disk, "sync", path);
  } catch (error) {
    // As Linux does it: the pages count as clean from now on, whatever reached the disk.
    file.unsynced.splice(0, upTo);
    throw error;
  }
  file.durable = content;
  file.unsynced.splice(0, upTo);
}

function openFile(disk: Disk, path: string, file: File, writable: boolean): FileHandle {
  let closed = false;
  const start = async (operation: Operation): Promise<void> => {
    if (closed || (operation !== "read" && !writable)) throw systemError("EBADF", path);
    if (operation !== "sync") await begin(disk, operation, path);
  };
  return {
    async read(target, position) {
      await start("read");
      return position >= file.content.length ? 0 : file.content.copy(target, 0, position);
    },
    async write(buffers, position) {
      await start("write");
      if (writeWithin(disk, file, Buffer.concat(buffers), position) > 0) throw systemError("ENOSPC", path);
    },
    async sync() {
      await start("sync");
      await syncFile(disk, path, file);
    },
    async truncate(length) {
      await start("truncate");
      change(file, { length });
    },
    async close() {
      if (closed) throw systemError("EBADF", path);
      closed = true;
    },
  };
}

async function openPath(disk: Disk, path: string, mode: OpenMode): Promise<FileHandle> {
  await begin(disk, "open", path);
  if (mode !== "create") return openFile(disk, path, existing(disk, path), mode === "write");
  if (disk.files.has(path)) throw systemError("EEXIST", path);
  if (!disk.directories.has(dirname(path))) throw systemError("ENOENT", path);
  const file: File = { content: Buffer.alloc(0), durable: Buffer.alloc(0), unsynced: [] };
  disk.files.set(path, file);
  return openFile(disk, path, file, true);
}

async function syncNames(disk: Disk, directory: string): Promise<void> {
  await begin(disk, "syncDirectory", directory);
  for (const path of [...disk.durableNames.keys()]) {
    if (dirname(path) === directory && !disk.files.has(path)) disk.durableNames.delete(path);
  }
  for (const [path, file] of disk.files) if (dirname(path) === directory) disk.durableNames.set(path, file);
}

function directoryOperations(disk: Disk): Omit<FileSystem, "open" | "syncDirectory"> {
  const { files, directories } = disk;
  return {
    async list(directory) {
      await begin(disk, "list", directory);
      if (!directories.has(directory)) throw systemError("ENOENT", directory);
      return [...files.keys()].filter((path) => dirname(path) === directory).map((path) => basename(path));
    },
    async stat(path) {
      await begin(disk, "stat", path);
      const file = files.get(path);
      if (file !== undefined) return { size: file.content.length };
      return directories.has(path) ? { size: 0 } : null;
    },
    async makeDirectory(path) {
      for (let at = path; !directories.has(at); at = dirname(at)) directories.add(at);
    },
    async rename(from, to) {
      await begin(disk, "rename", from);
      files.set(to, existing(disk, from));
      files.delete(from);
    },
    async unlink(path) {
      await begin(disk, "unlink", path);
      existing(disk, path);
      files.delete(path);
    },
    freeBytes: async () => disk.controls.capacity - usedBytes(disk),
  };
}

function noCalls(): Record<Operation, number> {
  return {
    open: 0,
    read: 0,
    write: 0,
    sync: 0,
    truncate: 0,
    list: 0,
    stat: 0,
    rename: 0,
    unlink: 0,
    syncDirectory: 0,
  };
}

function simulate(files: Map<string, File>, directories: Set<string>): SimulatedFileSystem {
  const controls = { capacity: Number.POSITIVE_INFINITY, fault: null, delay: null, calls: noCalls() };
  const disk: Disk = { files, directories, durableNames: new Map(files), controls };
  return Object.assign(controls, directoryOperations(disk), {
    open: (path: string, mode: OpenMode) => openPath(disk, path, mode),
    syncDirectory: (directory: string) => syncNames(disk, directory),
    crash(survival: Survival = () => 0) {
      const found = [...disk.durableNames].map(
        ([path, file]) => [path, survivor(path, file, survival)] as const,
      );
      return simulate(new Map(found), new Set(directories));
    },
    content: (path: string) => files.get(path)?.content,
    overwrite(path: string, content: Buffer) {
      const file: File = { content, durable: content, unsynced: [] };
      files.set(path, file);
      disk.durableNames.set(path, file);
    },
    lose(path: string) {
      files.delete(path);
      disk.durableNames.delete(path);
    },
  });
}
