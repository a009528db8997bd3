/** Looks at every job: is it due, is it overdue, is it its turn? */
import { timeText } from "../history/run-record.ts";
import { decide } from "../schedule/decide.ts";
import { chooseRuns } from "./choose-runs.ts";
import type { Core } from "./core.ts";
import type { RunEnd } from "./daemon.ts";
import { applyRecord, type JobState } from "./job-state.ts";
import { readJobs } from "./read-jobs.ts";
import { tellOverdue } from "./tell.ts";

export function lookAtJobs(core: Core): void {
  const now = core.dependencies.clock.now();
  const states = [...core.states.values()];
  for (const state of states) {
    lookAt(core, state, now);
    tellOverdue(core, state, now);
  }
  core.lastLook = now;
  startWaiting(core);
}

/** Starts those whose turn it is. */
export function startWaiting(core: Core): void {
  const now = core.dependencies.clock.now();
  // A job that was taken out of the file while it runs still has its source.
  for (const state of chooseRuns(core.waiting, [...core.running], core.config.concurrency))
    startRun(core, state, now);
  core.waiting = core.waiting.filter(({ queued }) => queued);
}

function lookAt(core: Core, state: JobState, now: number): void {
  if (state.running || state.queued || state.elsewhere) return;
  // A clock that went back may have made other due times the next ones.
  if (now < state.look && now >= core.lastLook) return;
  const { name } = state.job;
  const decision = decide(state.timing, state.remembered, now);
  if (decision.corrected !== undefined) {
    const since = Math.min(state.remembered.since, now);
    state.remembered = { ...state.remembered, since, handled: decision.corrected };
    core.emit({
      type: "clock",
      job: name,
      message: "the clock was ahead when it ran last: due times count from now on",
    });
  }
  state.next = decision.next;
  state.look = decision.next ?? Number.POSITIVE_INFINITY;
  if (decision.missed !== undefined) {
    state.remembered = { ...state.remembered, handled: decision.missed };
    core.emit({ type: "missed", job: name, planned: timeText(decision.missed) });
  }
  if (decision.run === undefined) return;
  state.remembered = { ...state.remembered, handled: decision.run };
  state.queued = { planned: decision.run, late: decision.late ?? false };
  core.waiting.push(state);
}

function startRun(core: Core, state: JobState, now: number): void {
  const { planned, late } = state.queued!;
  state.queued = undefined;
  core.emit({ type: "started", job: state.job.name, planned: timeText(planned), late });
  const started = core.dependencies.startRun(core.config, state.job, planned);
  state.running = { planned, since: now, stop: () => started.stop() };
  core.running.add(state);
  core.inBackground(started.ended.then((end) => runEnded(core, state, end)));
}

async function runEnded(core: Core, state: JobState, end: RunEnd): Promise<void> {
  if (end.kind === "record") {
    applyRecord(state, end.record);
    core.emit({ type: "ended", job: state.job.name, record: end.record });
  } else {
    const died = end.kind === "died" ? { step: "run", code: end.code, message: end.message } : undefined;
    await readJobs(core, [state], died);
  }
  state.running = undefined;
  core.running.delete(state);
  state.look = 0;
  core.wake.abort();
}
