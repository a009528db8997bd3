/** What the daemon keeps of a job in memory: a view of its history, and what is going on. */
import type { Job } from "../config/scheduler-config.ts";
import type { Outcome, RunRecord } from "../history/run-record.ts";
import type { Remembered, Timing } from "../schedule/decide.ts";

export interface JobState {
  job: Job;
  timing: Timing;
  remembered: Remembered;
  /** Why its history could not be read yet: until then it is taken to be new. */
  unread: string | undefined;
  /** When it is decided next whether it runs. */
  look: number;
  /** When its next run starts, as far as is known. */
  next: number | null;
  /** Waiting for its turn. */
  queued: { planned: number; late: boolean } | undefined;
  running: Running | undefined;
  /** Another process runs it. */
  elsewhere: boolean;
  last: RunRecord | undefined;
  lastSuccess: RunRecord | undefined;
  /** Runs since the daemon started. */
  counts: Record<Outcome, number>;
  /** From when on it is overdue without another success; undefined: to be computed anew. */
  overdueAt: number | undefined;
  /** It is overdue, and everybody was told. */
  overdueTold: boolean;
}

interface Running {
  planned: number;
  since: number;
  /** Asks the run to end. */
  stop(): void;
}

export function timingOf(job: Job, host: string): Timing {
  const { schedule, jitterMs, anacron, name } = job;
  return { schedule, jitterMs, anacron, seed: `${host}\0${name}` };
}

/** A job of which nothing is known. */
export function newState(job: Job, host: string, now: number): JobState {
  return {
    job,
    timing: timingOf(job, host),
    remembered: { since: now, handled: null },
    unread: "its history was not read yet",
    look: now,
    next: null,
    queued: undefined,
    running: undefined,
    elsewhere: false,
    last: undefined,
    lastSuccess: undefined,
    counts: { success: 0, incomplete: 0, failure: 0, interrupted: 0 },
    overdueAt: undefined,
    overdueTold: false,
  };
}

/** Takes over what came of a run. */
export function applyRecord(state: JobState, record: RunRecord): void {
  state.last = record;
  state.counts[record.outcome]++;
  if (record.outcome === "success") {
    state.lastSuccess = record;
    state.overdueAt = undefined;
    state.overdueTold = false;
  }
  const planned = record.planned === null ? null : Date.parse(record.planned);
  if (planned === null) return;
  const times = state.remembered.interrupted?.times ?? 0;
  state.remembered = {
    ...state.remembered,
    interrupted: record.outcome === "interrupted" ? { planned, times: times + 1 } : undefined,
  };
}
