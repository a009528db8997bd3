/** What the main thread and the ingest workers say to each other. Binary parts are transferred, never cloned. */
import type { BlobRecord, HashAlgorithm } from "@datadb/protocol";
import type { ChunkerParameters } from "../chunker/chunker.ts";

/** What every worker is told once. */
export interface WorkerSetup {
  memory: WebAssembly.Memory;
  hash: HashAlgorithm;
  chunker: ChunkerParameters;
  /** Whether records are encoded here; over a wire the server encodes. */
  local: boolean;
  rules: ScanRules;
  /** Names of owners by id. */
  users: ReadonlyMap<number, string>;
  groups: ReadonlyMap<number, string>;
}

/** What a scan leaves out. */
export interface ScanRules {
  /** Patterns in gitignore's syntax, relative to the source's root. */
  exclude: readonly string[];
  gitignore: boolean;
  excludeCaches: boolean;
  oneFileSystem: boolean;
  /** Directories never entered, as "major:minor:inodeHigh:inodeLow": the store itself. */
  skip: readonly string[];
  /** Bytes from which on a file is read in a job of its own. */
  bigFileBytes: number;
}

/** Patterns of a .gitignore and the directory (latin1, relative to the source's root) that they speak of. */
export interface IgnoreFile {
  directory: string;
  patterns: string;
}

/** One directory, or a part of a very large one, to scan. Strings are latin1: a character is a byte. */
export interface ScanUnit {
  /** Where it is on disk. */
  path: string;
  /** Where it is in the backup, "" for the root. */
  relative: string;
  /** Where it is below its SOURCE: what patterns are matched against. */
  below: string;
  /** Its name in the backup, for its own meta. */
  name: string;
  /** Names to look at when this is a part. */
  part?: string[];
  /** Root node of the entries it had in the previous backup. */
  previous?: Uint8Array | undefined;
  /** Its block of the previous scan cache. */
  cache?: Uint8Array | undefined;
  ignores: IgnoreFile[];
  /** "major:minor" of the source's root, with oneFileSystem. */
  device?: string | undefined;
}

/** A file that is read in a job of its own. */
export interface FileUnit {
  /** Where its directory is on disk (latin1). */
  directory: string;
  /** Its name there (latin1). */
  entry: string;
  /** Bytes when it was scanned. */
  size: number;
}

/** Nodes made by a worker, children first. */
export interface NodeGroup {
  records: BlobRecord[];
}

/** Something that could not be backed up as it is. `path` is relative to the backup's root, latin1. */
export interface EntryProblem {
  path: string;
  reason: string;
  /** unreadable: the entry is missing or lacks its content; changed: its content may mix two states. */
  kind: "unreadable" | "changed";
}

/** Counts of entries against the previous backup, and of what was read. */
export interface Counts {
  new: number;
  changed: number;
  unchanged: number;
  files: number;
  filesRead: number;
  bytesRead: number;
}

/** How the content of one file was read. */
export interface FileOutcome {
  /** Canonical encoding of its meta without name and link, as plain fields. */
  fields: FileFields;
  changed: boolean;
  bytesRead: number;
}

/** The part of a Meta that a file job finds out; binary parts as Uint8Array, as they come out of a message. */
export interface FileFields {
  mode: number;
  uid: number;
  gid: number;
  mtime: bigint;
  size: number;
  chunk?: Uint8Array;
  list?: Uint8Array;
  xattrs?: { name: Uint8Array; value: Uint8Array }[];
}
