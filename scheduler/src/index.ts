/** Takes backups by itself: schedules, retention, hooks, history, notifications. */
export { parseConfig } from "./config/parse-config.ts";
export type { Job, SchedulerConfig } from "./config/scheduler-config.ts";
export { secretValue } from "./config/secret-value.ts";
export { systemClock } from "./daemon/clock.ts";
export type { DaemonEvent } from "./daemon/daemon.ts";
export { spawnRun } from "./daemon/spawn-run.ts";
export { readConfig } from "./daemon/watch-config.ts";
export type { JobStatus } from "./health/job-status.ts";
export { readStatus } from "./health/read-status.ts";
export { recordMessage } from "./notify/notice.ts";
export { tryLock } from "./run/hold-lock.ts";
export { runJob } from "./run/run-job.ts";
export { runDue } from "./run-due.ts";
export { serveScheduler } from "./serve-scheduler.ts";
