/** The daemon: decides what is due, lets runs take their turns, and keeps a view of every job. */
import type { SchedulerConfig } from "../config/scheduler-config.ts";
import { scheduleText } from "../schedule/schedule.ts";
import { type Core, createCore } from "./core.ts";
import type { Daemon, DaemonDependencies } from "./daemon.ts";
import { type JobState, newState, timingOf } from "./job-state.ts";
import { lookAtJobs, startWaiting } from "./look-at-jobs.ts";
import { readJobs } from "./read-jobs.ts";

const POLL_MS = 15_000;

export function createDaemon(dependencies: DaemonDependencies): Daemon {
  const core = createCore(dependencies);
  return {
    get config() {
      return core.config;
    },
    states: () => [...core.states.values()],
    subscribe(listener) {
      core.listeners.add(listener);
      return () => core.listeners.delete(listener);
    },
    reject: (message) => core.emit({ type: "rejected", message }),
    reload(next) {
      core.states = merge(core, next);
      core.waiting = core.waiting.filter(
        (state) => state.queued && core.states.get(state.job.name) === state,
      );
      core.config = next;
      core.readAgain = 0;
      core.emit({ type: "reloaded", message: `${next.file}: ${next.jobs.length} jobs` });
      core.wake.abort();
    },
    now: () => core.dependencies.clock.now(),
    run: (signal) => run(core, signal),
    runDue: (signal) => runDue(core, signal),
  };
}

async function run(core: Core, signal: AbortSignal): Promise<void> {
  const { clock, pollMs = POLL_MS } = core.dependencies;
  core.stopped = signal;
  while (!signal.aborted) {
    core.wake = new AbortController();
    const unread = [...core.states.values()].filter((state) => isIdle(state) && state.unread !== undefined);
    if (clock.now() >= core.readAgain) await readJobs(core, unread);
    if (signal.aborted) break;
    lookAtJobs(core);
    const looks = [...core.states.values()].filter(isIdle).map(({ look }) => look);
    const next = Math.min(...looks, clock.now() + pollMs);
    await clock.wait(Math.max(1, next - clock.now()), AbortSignal.any([signal, core.wake.signal]));
  }
  await end(core);
}

/** Others are looked at when their run ends. */
const isIdle = ({ running, queued, elsewhere }: JobState): boolean => !running && !queued && !elsewhere;

async function runDue(core: Core, signal: AbortSignal): Promise<void> {
  core.stopped = signal;
  await readJobs(core, [...core.states.values()]);
  lookAtJobs(core);
  while ((core.waiting.length > 0 || core.running.size > 0) && !signal.aborted) {
    core.wake = new AbortController();
    const woken = AbortSignal.any([signal, core.wake.signal]);
    await new Promise((resolve) => woken.addEventListener("abort", resolve, { once: true }));
    startWaiting(core);
  }
  await end(core);
}

async function end(core: Core): Promise<void> {
  if (core.stopped.aborted) for (const { running } of core.running) running?.stop();
  while (core.background.size > 0) await Promise.allSettled([...core.background]);
}

/** States of jobs that stay are kept; another schedule counts from now on. */
function merge(core: Core, next: SchedulerConfig): Map<string, JobState> {
  const { config, states, dependencies } = core;
  const moved = next.store !== config.store || next.host !== config.host;
  return new Map(
    next.jobs.map((job) => {
      const state = states.get(job.name) ?? newState(job, next.host, dependencies.clock.now());
      // What the store says of a schedule decides: it is read again.
      if (moved || scheduleText(job.schedule) !== scheduleText(state.job.schedule)) {
        state.queued = undefined;
        state.unread = "its schedule or the store is new";
      }
      state.job = job;
      state.timing = timingOf(job, next.host);
      state.look = 0;
      state.overdueAt = undefined;
      return [job.name, state];
    }),
  );
}
