/** What is told of a job, by the daemon and by `scheduler status`. */

import { formatDuration } from "../config/duration.ts";
import type { Job } from "../config/scheduler-config.ts";
import type { RunRecord } from "../history/run-record.ts";
import { scheduleText } from "../schedule/schedule.ts";
import { healthProblems, type JobPast } from "./job-health.ts";

export interface JobStatus {
  job: string;
  /** The schedule as a person writes it. */
  schedule: string;
  healthy: boolean;
  /** Why it is not healthy. */
  problems: string[];
  /** Since when it runs, when it does. RFC 3339, as all times here. */
  running: string | null;
  last: RunRecord | null;
  lastSuccess: string | null;
  /** When it runs next; null when its schedule has no more due times. */
  next: string | null;
}

export interface JobFacts extends JobPast {
  /** Milliseconds since 1970. */
  running: number | undefined;
  next: number | null;
  /** Why nothing is known, when that is so. */
  unread?: string | undefined;
}

export function jobStatus(job: Job, facts: JobFacts, now: number): JobStatus {
  const { last, lastSuccess, running, next, unread } = facts;
  const problems = healthProblems(job, facts, now);
  if (unread !== undefined) problems.push(unread);
  const text = (ms: number | null | undefined): string | null =>
    ms === null || ms === undefined ? null : new Date(ms).toISOString();
  return {
    job: job.name,
    schedule: describeSchedule(job),
    healthy: problems.length === 0,
    problems,
    running: text(running),
    last: last ?? null,
    lastSuccess: lastSuccess?.end ?? null,
    next: text(next),
  };
}

function describeSchedule({ schedule }: Job): string {
  return schedule.kind === "every"
    ? `every ${formatDuration(schedule.everyMs)}`
    : scheduleText(schedule).slice(5);
}
