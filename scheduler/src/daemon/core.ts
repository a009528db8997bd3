/** What the parts of the daemon share. */
import type { SchedulerConfig } from "../config/scheduler-config.ts";
import type { DaemonDependencies, DaemonEvent } from "./daemon.ts";
import { type JobState, newState } from "./job-state.ts";

export interface Core {
  readonly dependencies: DaemonDependencies;
  config: SchedulerConfig;
  states: Map<string, JobState>;
  /** Jobs that are due, in the order in which they became so. */
  waiting: JobState[];
  /** Jobs that run, also those that are no longer in the configuration. */
  readonly running: Set<JobState>;
  readonly listeners: Set<(event: DaemonEvent) => void>;
  emit(event: DaemonEvent): void;
  /** Work that the daemon waits for before it ends. */
  readonly background: Set<Promise<unknown>>;
  inBackground(work: Promise<unknown>): void;
  /** Aborted to look at all jobs at once. */
  wake: AbortController;
  /** Aborted when the daemon is to end. */
  stopped: AbortSignal;
  /** When histories that could not be read are tried again. */
  readAgain: number;
  /** What the clock said when jobs were looked at last. */
  lastLook: number;
}

export function createCore(dependencies: DaemonDependencies): Core {
  const { config, clock } = dependencies;
  const now = clock.now();
  const core: Core = {
    dependencies,
    config,
    states: new Map(config.jobs.map((job) => [job.name, newState(job, config.host, now)])),
    waiting: [],
    running: new Set(),
    listeners: new Set(),
    emit(event) {
      for (const listener of core.listeners) listener(event);
    },
    background: new Set(),
    inBackground(work) {
      core.background.add(work);
      void work.finally(() => core.background.delete(work));
    },
    wake: new AbortController(),
    stopped: new AbortController().signal,
    readAgain: 0,
    lastLook: now,
  };
  return core;
}
