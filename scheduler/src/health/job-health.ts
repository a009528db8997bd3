/** Whether a job is healthy: its last run was good, everybody was told, and its last success is not too long ago. */
import { formatDuration } from "../config/duration.ts";
import type { Job } from "../config/scheduler-config.ts";
import type { RunRecord } from "../history/run-record.ts";
import { dueTimes } from "../schedule/due-times.ts";

export interface JobPast {
  /** Since when the job has its schedule, in milliseconds since 1970. */
  since: number;
  last: RunRecord | undefined;
  lastSuccess: RunRecord | undefined;
}

/** What a run may take when nothing says how long it may: the time to the next one, within these bounds. */
const LEAST_ALLOWANCE_MS = 10 * 60_000;
const MOST_ALLOWANCE_MS = 6 * 3_600_000;

/** Why the job is not healthy; empty when it is. */
export function healthProblems(job: Job, past: JobPast, now: number): string[] {
  const problems: string[] = [];
  const { last, lastSuccess } = past;
  if (last && last.outcome !== "success")
    problems.push(`the last run ended with ${last.outcome}${last.error ? `: ${last.error.message}` : ""}`);
  if (last && last.unnotified.length > 0)
    problems.push(`not everybody could be told of the last run: ${last.unnotified.join("; ")}`);
  if (now > overdueAt(job, past, now)) {
    const ago = lastSuccess
      ? `for ${formatDuration(now - Date.parse(lastSuccess.end))}`
      : `since it is known, ${formatDuration(now - past.since)}`;
    problems.push(`overdue: no success ${ago}`);
  }
  return problems;
}

/** From when on the job is overdue without another success. Infinity for a schedule that has no more due times. */
export function overdueAt(job: Job, { since, lastSuccess }: JobPast, now: number): number {
  const { schedule, withinMs, jitterMs, deadlineMs } = job;
  // A clock that was wrong must not make a job look healthy for years.
  const success = lastSuccess && Math.min(now, Date.parse(lastSuccess.end));
  if (withinMs !== undefined) return (success ?? Math.min(since, now)) + withinMs;
  const from = lastSuccess
    ? Math.min(now, Date.parse(lastSuccess.planned ?? lastSuccess.start))
    : Math.min(since, now) - (schedule.kind === "every" ? schedule.everyMs : 0);
  const times = dueTimes(schedule, from);
  const expected = times.next(from);
  if (expected === null) return Number.POSITIVE_INFINITY;
  const period = (times.next(expected) ?? expected) - expected;
  const allowance = Math.min(Math.max(period, LEAST_ALLOWANCE_MS), MOST_ALLOWANCE_MS);
  return expected + Math.min(jitterMs, period) + Math.max(allowance, deadlineMs ?? 0);
}
