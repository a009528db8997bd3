/** What is scanned in one go, and what comes of it. Strings are latin1: a character is a byte. */
import type { EntryProblem } from "./entry-problem.ts";

/** What a scan leaves out. */
export interface ScanRules {
  /** For each SOURCE, patterns in gitignore's syntax, relative to it. */
  exclude: readonly (readonly string[])[];
  gitignore: boolean;
  excludeCaches: boolean;
  /** The store that the backup goes to: its own directory is left out. */
  storeId: string;
  /** A dry run looks and does not read. */
  read: boolean;
}

/** Patterns of a .gitignore and the directory, below SOURCE, that they speak of. */
export interface IgnoreFile {
  directory: string;
  patterns: string;
}

/** One directory, or a part of a very large one, to scan. */
export interface ScanUnit {
  /** Where it is on disk. */
  path: string;
  /** Where it is in the backup, "" for the root. */
  relative: string;
  /** Where it is below its SOURCE: what patterns are matched against. */
  below: string;
  /** Which SOURCE it belongs to. */
  source: number;
  /** Its name in the backup, for its own meta. */
  name: string;
  /** Names to look at, when this is a part. */
  part?: string[];
  /** Root node of the entries it had in the previous backup. */
  previous?: Uint8Array | undefined;
  /** Its block of the previous scan cache. */
  cache?: Uint8Array | undefined;
  ignores: IgnoreFile[];
  /** With one-file-system: "major:minor" of the device to stay on. */
  device?: string | undefined;
}

/** Counts of entries against the previous backup, and of what was read. */
export interface Counts {
  new: number;
  changed: number;
  unchanged: number;
  /** Files that were opened and read. */
  filesRead: number;
  bytesRead: number;
}

/** No counts yet. */
export function noCounts(): Counts {
  return { new: 0, changed: 0, unchanged: 0, filesRead: 0, bytesRead: 0 };
}

/** Adds `b` to `a`. */
export function addCounts(a: Counts, b: Counts): void {
  a.new += b.new;
  a.changed += b.changed;
  a.unchanged += b.unchanged;
  a.filesRead += b.filesRead;
  a.bytesRead += b.bytesRead;
}

/** An entry whose meta is not known yet. */
export interface PendingEntry {
  /** Where its meta goes among the entries of its directory. */
  index: number;
  name: string;
  type: "directory" | "file";
  /** Bytes of a file when it was scanned. */
  size: number;
  /** Canonical meta of the previous backup. */
  previous?: Uint8Array<ArrayBuffer>;
  /** A file that did not change: its previous content is its content. */
  unchanged?: boolean;
  /** A file with several names: what its members have in common. */
  link?: string;
  /** How many names it has. */
  links?: number;
}

/** Metas in name order, packed; the places of pending entries are empty. */
export interface ScannedEntries {
  names: string[];
  metas: Uint8Array<ArrayBuffer>;
  /** End of each meta in `metas`. */
  ends: Uint32Array<ArrayBuffer>;
  sizes: Float64Array<ArrayBuffer>;
  pending: PendingEntry[];
}

/** What a scan says of one unit. */
export interface ScannedUnit {
  /** The directory vanished, or is not to be in the backup: it has no meta. */
  gone?: boolean;
  /** It is too large for one unit: scan these parts instead. */
  parts?: string[][];
  /** The directory's own meta, canonical; absent for a part. */
  self?: Uint8Array<ArrayBuffer>;
  /** A directory without pending entries is finished here, and `self` is complete. */
  finished?: { entries: number; bytes: number };
  /** Otherwise its entries, and `self` lacks what depends on them. */
  entries?: ScannedEntries;
  /** Its block of the scan cache. */
  cache: Uint8Array<ArrayBuffer>;
  /** Patterns of its .gitignore. */
  ignore?: string;
  problems: EntryProblem[];
  counts: Counts;
  /** Of a dry run: files that would be read. */
  wouldRead?: string[];
}

/** A file that is read in a job of its own. */
export interface FileUnit {
  /** Where its directory is on disk. */
  directory: string;
  entry: string;
  /** Path from the backup's root. */
  relative: string;
  /** Its canonical meta in the previous backup. */
  previous?: Uint8Array<ArrayBuffer>;
}

/** How the content of one file was read. */
export interface FileOutcome {
  /** Its canonical meta with content; absent when it vanished or cannot be read. */
  meta?: Uint8Array<ArrayBuffer>;
  problem?: EntryProblem;
  bytesRead: number;
}

/** The .gitignore files that hold below a directory. */
export function ignoresBelow(unit: ScanUnit, scanned: ScannedUnit): IgnoreFile[] {
  if (!scanned.ignore) return unit.ignores;
  return [...unit.ignores, { directory: unit.below, patterns: scanned.ignore }];
}
