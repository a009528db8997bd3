/** What the daemon itself tells people: runs that could not tell of their own end, and jobs that are overdue. */

import { formatDuration } from "../config/duration.ts";
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import { overdueAt } from "../health/job-health.ts";
import type { RunRecord } from "../history/run-record.ts";
import { recordMessage } from "../notify/notice.ts";
import { openNotifier } from "../notify/notifier.ts";
import type { Core } from "./core.ts";
import type { JobState } from "./job-state.ts";

/** Of a run that was cut. Never rejects. */
export async function tellRecord(
  { smtp, host }: SchedulerConfig,
  job: Job,
  record: RunRecord,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const notifier = openNotifier(job.notify, smtp, { environment });
  await notifier.tell({ event: "failure", job: job.name, host, message: recordMessage(record), record });
}

/** Once, when the job becomes overdue. */
export function tellOverdue(core: Core, state: JobState, now: number): void {
  const { job, remembered, last, lastSuccess } = state;
  if (state.overdueTold) return;
  state.overdueAt ??= overdueAt(job, { since: remembered.since, last, lastSuccess }, now);
  if (now <= state.overdueAt) return;
  state.overdueTold = true;
  const from = lastSuccess ? Date.parse(lastSuccess.end) : remembered.since;
  const message = `${job.name}: overdue, no success for ${formatDuration(now - from)}`;
  core.emit({ type: "overdue", job: job.name, message });
  const { smtp, host } = core.config;
  const notifier = openNotifier(job.notify, smtp, { environment: core.dependencies.environment });
  core.inBackground(notifier.tell({ event: "overdue", job: job.name, host, message }));
}
