/** What is remembered of a run. Persisted as JSON: names are permanent, readers keep what they do not know. */

export type Outcome = "success" | "incomplete" | "failure" | "interrupted";
/** Why it ran: its schedule, `scheduler run`. */
export type Trigger = "schedule" | "manual";

/** Written when a run begins. Times are RFC 3339 UTC with milliseconds. */
export interface RunStart {
  /** UUID. */
  run: string;
  job: string;
  trigger: Trigger;
  /** The due time it is for; null for a run by hand. */
  planned: string | null;
  start: string;
  /** Tells whether the process that runs it still lives. */
  process: ProcessIdentity;
}

export interface ProcessIdentity {
  pid: number;
  /** When it started, in the kernel's ticks: a pid is given again. */
  ticks: string;
  /** The kernel's boot id, and the namespace that the pid is of. */
  boot: string;
  namespace: string;
}

/** Written when it is over, whatever came of it. */
export interface RunRecord {
  run: string;
  job: string;
  trigger: Trigger;
  planned: string | null;
  start: string;
  end: string;
  seconds: number;
  outcome: Outcome;
  /** Absent for a success. `step`: before, backup, keep, check, gc, after, deadline, run. */
  error?: { step: string; code: string; message: string };
  attempts: number;
  /** The backups that the run made, those of attempts that failed later included. */
  backups: RunBackup[];
  /** Of all backups together: read from the sources, new to the store, what that takes. */
  bytes: { read: number; new: number; stored: number };
  /** Backups removed by `keep`. */
  removed: number;
  /** Bytes that garbage collection gave back, for a job that does it. */
  returned?: number;
  /** Who could not be told, and why. */
  unnotified: string[];
}

interface RunBackup {
  id: string;
  name: string;
  complete: boolean;
  /** Content bytes. */
  size: number;
}

/** RFC 3339 UTC with milliseconds. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
