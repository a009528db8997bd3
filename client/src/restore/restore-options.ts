/** What a caller can choose about a restore, and what it learns while it runs and at its end. */

export interface RestoreOptions {
  /**
   * Replace what is in the way; files whose content and attributes are the same already stay untouched, so that
   * an interrupted restore resumes quickly. Without it, anything in the way refuses the restore (EXISTS) before
   * a byte is written. Never removes what the backup does not have, nor a directory that is not empty.
   */
  overwrite?: boolean;
  /** `restore` (default): owners by number where the process may set them. `none`: everything belongs to the process. */
  owners?: "restore" | "none";
  /** Worker threads that decode, verify and write; default the number of processors, at most 4. */
  jobs?: number;
  /** Ends the restore early: complete files stay, nothing incomplete does; then it rejects with INTERRUPTED. */
  signal?: AbortSignal;
  /** Called about every 100 ms and at the end. */
  onProgress?: (progress: RestoreProgress) => void;
  /** Things that a person should read: owners or attributes that this process cannot set. */
  onWarning?: (message: string) => void;
}

export interface RestoreProgress {
  /** Entries finished and in all; directories count. */
  entries: number;
  totalEntries: number;
  /** Content bytes finished and in all. */
  bytes: number;
  totalBytes: number;
}

/** One entry that could not be restored, or not exactly. */
export interface RestoreProblem {
  /** Path inside the backup, relative to what was restored; bytes that are no UTF-8 show as U+FFFD. */
  path: string;
  /** DAMAGED, HASH_MISMATCH, UNSAFE_PATH, EXISTS, or the system's (EACCES, ENOTSUP ...). */
  code: string;
  message: string;
}

export interface RestoreSummary {
  entries: { files: number; directories: number; symlinks: number; others: number; hardLinks: number };
  /** Of the files, those that were there already, identical. */
  unchanged: number;
  /** Content bytes of the files that were restored or found unchanged. */
  bytes: number;
  /** The first 1000. */
  problems: RestoreProblem[];
  problemCount: number;
  /** 0, or 3 with problems, or 5 when the store lacks or has damaged content. */
  exitCode: 0 | 3 | 5;
  seconds: number;
}
