/** The few file operations that backends need, as one small parameter: tests put a simulated disk in its place. */

/** How a file is opened: an existing one for reading, an existing one for writing, or a new one (EEXIST if it is there). */
export type OpenMode = "read" | "write" | "create";

/**
 * One open file. Positions and lengths are bytes. Every method rejects with the system's error (`code` like ENOSPC) and may be
 * called concurrently; close must come last.
 */
export interface FileHandle {
  /** On a real disk: other threads of this process may read from it, too, until it is closed. */
  readonly fd?: number;
  /** Fills `target` from `position` on; resolves with the bytes read, fewer than asked only at the end of the file. */
  read(target: Buffer, position: number): Promise<number>;
  /**
   * Writes all buffers back to back from `position` on. Resolves when all bytes are with the kernel (not durable). When it
   * rejects, any prefix may have been written.
   */
  write(buffers: readonly Buffer[], position: number): Promise<void>;
  /** Content and length are durable when it resolves (fdatasync). After a rejection the state of un-synced bytes is unknown. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** A directory tree. Paths are absolute. A name created, renamed or unlinked is durable after syncDirectory of its directory. */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<FileHandle>;
  /** Names in a directory, unordered, without `.` and `..`. */
  list(directory: string): Promise<string[]>;
  /** Length in bytes; null when the path does not exist. */
  stat(path: string): Promise<{ size: number } | null>;
  /** Creates a directory (0700) and its missing parents, durably; an existing one is no error. */
  makeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  /** Bytes that may still be written below a directory, about. */
  freeBytes(directory: string): Promise<number>;
}
