/** What a caller can choose about restoring a backup of a database, and what it learns while it runs and at its end. */

export interface RestoreDatabaseOptions {
  /** A table or schema of the backup: `public/account`, `public/account.copy`, `public`. Empty: everything. */
  path?: string;
  /** Connections that work at the same time; default the number of processors, at most 4. */
  jobs?: number;
  /** Leave owners as they come: everything belongs to the user who restores. */
  noOwner?: boolean;
  /** Leave out GRANT, REVOKE and default privileges. */
  noPrivileges?: boolean;
  /** Replace what is there: the database; with dataOnly the rows. Without it, anything there refuses the restore. */
  clean?: boolean;
  /** Only rows and sequences, into tables that are there. */
  dataOnly?: boolean;
  /** With a path: tables go into this schema, which is made when it is absent. */
  toSchema?: string;
  /** With the path of a table: its new name. */
  rename?: string;
  /** Do not read rows back to compare them with the backup; they are counted all the same. */
  noVerify?: boolean;
  /** Ends the restore early; what it made is dropped; then it rejects with INTERRUPTED. */
  signal?: AbortSignal;
  onProgress?: (progress: RestoreDatabaseProgress) => void;
  /** Things that a person should read. */
  onWarning?: (message: string) => void;
  /** For password files, services and PG* variables; the process's own when absent. */
  environment?: NodeJS.ProcessEnv;
}

export interface RestoreDatabaseProgress {
  phase: RestorePhase;
  /** Tables whose rows are there, and in all. */
  entries: number;
  totalEntries: number;
  /** Bytes of rows. */
  bytes: number;
  totalBytes: number;
  /** What is being worked on. */
  current: string;
}

/** In this order. */
export type RestorePhase = "schema" | "data" | "indexes" | "constraints" | "views" | "verify" | "statistics";

export interface RestoreDatabaseSummary {
  /** The database that now holds what was restored. */
  database: string;
  /** Whether the restore made it. */
  created: boolean;
  tables: number;
  rows: number;
  /** Of rows, as the backup has them. */
  bytes: number;
  sequences: number;
  largeObjects: number;
  /** Tables that were read back and found equal. */
  verified: number;
  seconds: number;
  /** By phase. */
  phases: Partial<Record<RestorePhase, number>>;
  /** The user's own metadata of the backup. */
  meta: Record<string, unknown>;
}
