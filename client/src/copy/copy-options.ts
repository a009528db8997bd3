/** What a copy of backups is told, tells while it runs, and answers. */
import type { Backup } from "../list/backup.ts";

export interface CopyProgress {
  /** Backups that are done, and all that are to be copied. */
  backups: number;
  totalBackups: number;
  /** Content bytes of the backups to copy that the target has now, whether they were sent or there already. */
  bytes: number;
  totalBytes: number;
  /** Name and time of the backup under way. */
  current: string;
}

export interface CopyOptions {
  /** Only says which backups the target lacks. */
  dryRun?: boolean;
  /** Ends the copy between two pieces; what was listed stays. */
  signal?: AbortSignal;
  /** Called often. */
  onProgress?: (progress: CopyProgress) => void;
  /** Called for every backup when its fate is known, oldest first. */
  onBackup?: (backup: CopiedBackup) => void;
}

/** What became of one backup. */
export interface CopiedBackup {
  backup: Backup;
  /** `there`: the target had it already. `missing`: it would be copied (dry run). */
  outcome: "copied" | "there" | "missing" | "failed";
  /** Why it could not be copied. */
  error?: Error;
}

export interface CopySummary {
  copied: number;
  there: number;
  failed: number;
  /** Backups that a dry run would copy. */
  missing: number;
  /** Blobs and content bytes that were sent, since the target lacked them. */
  sent: { blobs: number; bytes: number };
  /** Content bytes of the backups that were copied, or would be. */
  bytes: number;
  seconds: number;
}
