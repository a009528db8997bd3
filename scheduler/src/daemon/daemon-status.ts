/** How the jobs are, from what the daemon has in memory. */
import { type JobStatus, jobStatus } from "../health/job-status.ts";
import type { Daemon } from "./daemon.ts";

export function daemonStatus(daemon: Daemon): JobStatus[] {
  const now = daemon.now();
  return daemon.states().map((state) => {
    const { job, remembered, last, lastSuccess, running, next, queued, unread } = state;
    return jobStatus(
      job,
      {
        since: remembered.since,
        last,
        lastSuccess,
        running: running?.since,
        next: queued ? now : next,
        unread: unread && `its history cannot be read: ${unread}`,
      },
      now,
    );
  });
}
