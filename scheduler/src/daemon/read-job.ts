/** Reads what the store knows of a job: at the start, when it is new in the configuration, after others ran it. */
import type { Connection } from "@datadb/client";
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import { openHistory } from "../history/open-history.ts";
import { type PastSummary, summarize } from "../history/past.ts";
import { pendingRecords } from "../history/pending-records.ts";
import type { RunRecord } from "../history/run-record.ts";
import { tryLock } from "../run/hold-lock.ts";
import { recoverRuns } from "../run/recover-runs.ts";
import { jobLock } from "../run/take-turn.ts";
import type { Remembered } from "../schedule/decide.ts";
import { scheduleText } from "../schedule/schedule.ts";
import type { JobState } from "./job-state.ts";

export interface JobReading {
  stateDirectory: string;
  now: number;
  /** How a run ended whose process is gone, when that is known. */
  error?: RunRecord["error"] | undefined;
}

/**
 * Brings the state up to date, writes what is missing to the history (the end of runs that were cut, the schedule), and
 * resolves with the runs that were found cut. While another process runs the job, the state says so.
 */
export async function readJob(
  connection: Connection,
  { store, host }: SchedulerConfig,
  state: JobState,
  { stateDirectory, now, error }: JobReading,
): Promise<RunRecord[]> {
  const { name } = state.job;
  const history = openHistory(connection, host, name);
  const release = await tryLock(...jobLock(store, host, name));
  state.elsewhere = release === null;
  let cut: RunRecord[] = [];
  try {
    if (release !== null) {
      await pendingRecords(stateDirectory, store, host, name).deliver(history);
      cut = await recoverRuns(connection, history, now, error);
    }
    const past = await history.read();
    const text = scheduleText(state.job.schedule);
    const known = past.schedule?.text === text ? past.schedule.since : undefined;
    if (known === undefined) await history.schedule(Math.max(now, (past.schedule?.since ?? 0) + 1), text);
    const summary = summarize(past);
    state.remembered = rememberedOf(state.job, summary, known ?? now);
    state.last = summary.last;
    state.lastSuccess = summary.lastSuccess;
    state.unread = undefined;
    state.overdueAt = undefined;
    state.look = now;
    return cut;
  } finally {
    await release?.();
  }
}

/** Due times before a cron expression was written are not its own; an interval goes on from the last run. */
export function rememberedOf(job: Job, summary: PastSummary, since: number): Remembered {
  const { handled, interrupted } = summary;
  const own = handled !== null && (job.schedule.kind === "every" || handled >= since);
  return { since, handled: own ? handled : null, interrupted: own ? interrupted : undefined };
}
