/** `--once`: runs what is due, and ends. */
import { createDaemon } from "./daemon/create-daemon.ts";
import type { DaemonDependencies, DaemonEvent } from "./daemon/daemon.ts";
import { daemonStatus } from "./daemon/daemon-status.ts";
import type { JobStatus } from "./health/job-status.ts";

/**
 * Whatever became due since the last time is caught up, once, also without `anacron`: who calls this decides when things
 * run. Resolves with how all jobs are then.
 */
export async function runDue(
  { config, ...dependencies }: DaemonDependencies,
  signal: AbortSignal,
  onEvent: (event: DaemonEvent) => void,
): Promise<JobStatus[]> {
  const jobs = config.jobs.map((job) => ({ ...job, anacron: true }));
  const daemon = createDaemon({ ...dependencies, config: { ...config, jobs } });
  daemon.subscribe(onEvent);
  await daemon.runDue(signal);
  return daemonStatus(daemon);
}
