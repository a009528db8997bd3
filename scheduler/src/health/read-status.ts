/** Reads from the store how the jobs are, without changing anything: for who is not the daemon. */
import type { Connection } from "@datadb/client";
import type { SchedulerConfig } from "../config/scheduler-config.ts";
import { timingOf } from "../daemon/job-state.ts";
import { rememberedOf } from "../daemon/read-job.ts";
import { openHistory } from "../history/open-history.ts";
import { summarize } from "../history/past.ts";
import { isAlive } from "../history/process-identity.ts";
import { decide } from "../schedule/decide.ts";
import { type JobStatus, jobStatus } from "./job-status.ts";

/** `connection` null: there is no store yet. */
export async function readStatus(
  connection: Connection | null,
  config: SchedulerConfig,
  now: number,
): Promise<JobStatus[]> {
  const all: JobStatus[] = [];
  for (const job of config.jobs) {
    const past = connection && (await openHistory(connection, config.host, job.name).read());
    const summary = summarize(past ?? { started: [], runs: [], schedule: null });
    const { open, last, lastSuccess } = summary;
    // A run by hand does not need a scheduler.
    const since = past?.schedule?.since ?? now;
    const unread = past?.schedule ? undefined : "no scheduler has seen this job yet";
    const decision = decide(timingOf(job, config.host), rememberedOf(job, summary, since), now);
    const running = open.find(({ start }) => isAlive(start.process));
    all.push(
      jobStatus(
        job,
        {
          since,
          last,
          lastSuccess,
          running: running && Date.parse(running.start.start),
          next: unread === undefined && decision.run !== undefined ? now : decision.next,
          unread,
        },
        now,
      ),
    );
  }
  return all;
}
