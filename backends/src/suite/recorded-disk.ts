/** A file system that writes down everything that is done to it, so that the states after a power cut at any moment can be made. */
import type { FileHandle, FileSystem } from "../file-system.ts";
import { createSimulatedFileSystem, type SimulatedFileSystem } from "./simulated-file-system.ts";

/**
 * One thing that happened. A file is a number: names come and go. `upTo` of a sync is how many events there were when it began: what
 * came later it does not cover. Changes are written down before they are made, syncs after they succeeded.
 */
export type DiskEvent =
  | { type: "create"; path: string; file: number }
  | { type: "rename"; from: string; to: string }
  | { type: "unlink"; path: string }
  | { type: "write"; file: number; bytes: Buffer; position: number }
  | { type: "truncate"; file: number; length: number }
  | { type: "sync"; file: number; upTo: number }
  | { type: "sync-directory"; directory: string; upTo: number };

/** What is on a disk: content by path. */
export type DiskImage = ReadonlyMap<string, Buffer>;

/** What was done to a disk, from an image on. */
export interface DiskRecord {
  /** The files of the image have the numbers 0, 1, ... in its order; those created later go on. */
  readonly image: DiskImage;
  readonly events: DiskEvent[];
}

/** A recorded disk, and how to hear of each event before it takes effect. */
export interface RecordedDisk extends FileSystem {
  readonly record: DiskRecord;
  /** Called with the number of events so far, before each new one. */
  onEvent: ((count: number) => void) | null;
}

/** A simulated disk that holds an image, durably. */
export function diskOf(image: DiskImage, directory: string): SimulatedFileSystem {
  const disk = createSimulatedFileSystem();
  void disk.makeDirectory(directory);
  for (const [path, content] of image) disk.overwrite(path, content);
  return disk;
}

/** Notes what happens on a disk that holds `image` when it is begun with. */
export function recordDisk(disk: FileSystem, image: DiskImage = new Map()): RecordedDisk {
  const events: DiskEvent[] = [];
  const files = new Map([...image.keys()].map((path, file) => [path, file] as const));
  let next = files.size;
  const recorded: RecordedDisk = {
    record: { image, events },
    onEvent: null,
    async open(path, mode) {
      if (mode !== "create") return handle(await disk.open(path, mode), files.get(path) ?? -1);
      const opened = await disk.open(path, mode);
      note({ type: "create", path, file: next });
      files.set(path, next);
      return handle(opened, next++);
    },
    list: (directory) => disk.list(directory),
    stat: (path) => disk.stat(path),
    makeDirectory: (path) => disk.makeDirectory(path),
    async rename(from, to) {
      note({ type: "rename", from, to });
      files.set(to, files.get(from) ?? -1);
      files.delete(from);
      await disk.rename(from, to);
    },
    async unlink(path) {
      note({ type: "unlink", path });
      files.delete(path);
      await disk.unlink(path);
    },
    async syncDirectory(path) {
      const upTo = events.length;
      await disk.syncDirectory(path);
      note({ type: "sync-directory", directory: path, upTo });
    },
    freeBytes: (directory) => disk.freeBytes(directory),
  };
  const note = (event: DiskEvent): void => {
    recorded.onEvent?.(events.length);
    events.push(event);
  };
  const handle = (opened: FileHandle, file: number): FileHandle => ({
    read: (target, position) => opened.read(target, position),
    async write(buffers, position) {
      note({ type: "write", file, bytes: Buffer.concat(buffers), position });
      await opened.write(buffers, position);
    },
    async sync() {
      const upTo = events.length;
      await opened.sync();
      note({ type: "sync", file, upTo });
    },
    async truncate(length) {
      note({ type: "truncate", file, length });
      await opened.truncate(length);
    },
    close: () => opened.close(),
  });
  return recorded;
}
