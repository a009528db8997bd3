/** What `snapshot` can be told, and what it tells. */
import type { Readable } from "node:stream";
import type { DatabaseApproach } from "../postgres/backup/approach-database.ts";
import type { PostgresSource } from "../postgres/backup/postgres-source.ts";
import type { EntryProblem } from "../source/entry-problem.ts";

/**
 * What to back up: one path or several, a stream (standard input), or a command whose output counts only when it
 * succeeds, or a PostgreSQL database. Paths may be relative to the working directory.
 */
export type SnapshotSource =
  | string
  | readonly string[]
  | { stdin: Readable }
  | { command: readonly string[] }
  | PostgresSource;

/** How far a snapshot is. Totals are those of the previous backup: an estimate. */
export interface SnapshotProgress {
  entries: number;
  /** Bytes read, and those of rows that the server knows to be unchanged. */
  bytes: number;
  /** Bytes that the store did not have. */
  newBytes: number;
  totalEntries?: number;
  totalBytes?: number;
  /** Path that is being worked on. */
  current?: string;
}

export interface SnapshotOptions {
  /** Display name; the base name of the source when absent. Needed for streams and commands. */
  name?: string;
  /** Host of the series; this machine's name when absent. */
  host?: string;
  /** Path of the series; the absolute paths of the source, `stdin:NAME` for streams, when absent. */
  path?: string;
  /** The user's own metadata, kept with the backup. */
  meta?: Readonly<Record<string, unknown>>;
  tags?: readonly string[];
  /** Patterns in gitignore's syntax; one that begins with SOURCE's absolute path is meant from there. */
  exclude?: readonly string[];
  /** Files of such patterns. */
  excludeFrom?: readonly string[];
  /** Obey the .gitignore files in the source. */
  gitignore?: boolean;
  /** Leave out the content of directories that a CACHEDIR.TAG marks. */
  excludeCaches?: boolean;
  /** Do not enter other file systems. */
  oneFileSystem?: boolean;
  /** An empty source is no error. */
  allowEmpty?: boolean;
  /** Look, and read and store nothing: `toRead` of the summary says what would be read. */
  dryRun?: boolean;
  /**
   * Reads everything, puts what the store lacks, and lists nothing: what earlier backups of the source have lost and the source still
   * has is there again.
   */
  heal?: boolean;
  /**
   * Reads everything: neither do times of files tell that they have not changed, nor sums of rows that a table has not.
   */
  readAll?: boolean;
  /** Worker threads; min(4, cores) when absent. The result does not depend on it. */
  jobs?: number;
  /** Of this source, begun before the store was opened. */
  approach?: DatabaseApproach | undefined;
  /** Stops at once; nothing is listed. What was sent so far is not sent again. */
  signal?: AbortSignal;
  /** Called with what the person should know while the snapshot goes on. */
  onWarning?: (text: string) => void;
  /** Called some times a second. */
  onProgress?: (progress: SnapshotProgress) => void;
}

/** What came of it. */
export interface SnapshotSummary {
  /** Backup id, hex; null for a dry run. */
  backup: string | null;
  /** Id of the series, hex. */
  snapshot: string;
  name: string;
  host: string;
  path: string;
  source: "files" | "stdin" | "command" | "postgres";
  /** RFC 3339 UTC with milliseconds, the server's; null for a dry run. */
  time: string | null;
  /** Hex id of the root meta. */
  ref: string;
  /** False when entries could not be read. */
  complete: boolean;
  /** Against the previous backup; directories count as entries. */
  entries: { new: number; changed: number; unchanged: number };
  /** read: from the source; new: content the store did not have; stored: what that takes (0 over a wire). */
  bytes: { read: number; new: number; stored: number };
  /** Content bytes of the whole backup. */
  size: number;
  filesRead: number;
  seconds: number;
  /**
   * Entries that could not be read, files that changed while they were read, and what this system cannot read at
   * all: the first thousand. Paths are latin1 (a character is a byte), from the root of the backup.
   */
  problems: EntryProblem[];
  unreadable: number;
  changedWhileRead: number;
  /** Of a dry run: paths (latin1) of the files that would be read. */
  toRead?: string[];
}
