/** What the parts of one restore into a database share. */
import type { Session } from "../connect/session.ts";
import type { PostgresTarget } from "../connect/target.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { RestoreDatabaseOptions } from "./restore-database-options.ts";
import type { RestoreReport } from "./restore-report.ts";

export interface RestoreRun {
  target: PostgresTarget;
  /** Connected to another database of the same server. */
  maintenance: Session;
  files: BackupFiles;
  options: RestoreDatabaseOptions;
  report: RestoreReport;
  /** Id of the backup, for people. */
  backup: string;
  jobs: number;
  /** Must be told of each session that works. Throws when the restore is to end. */
  onSession(session: Session): void;
}
