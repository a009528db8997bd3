/** The mark that the scheduler leaves in a backup's metadata, under the key `scheduler`. Permanent names. */
import type { Backup } from "@datadb/client";

export interface BackupMark {
  job: string;
  /** Shared by all backups of one run: the run's id in the history. */
  group: string;
}

export function backupMark({ meta }: Pick<Backup, "meta">): BackupMark | undefined {
  const mark = meta["scheduler"] as Partial<BackupMark> | undefined;
  return typeof mark?.job === "string" && typeof mark.group === "string"
    ? { job: mark.job, group: mark.group }
    : undefined;
}
