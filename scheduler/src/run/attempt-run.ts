/** The attempts of a run, with pauses that grow, within its deadline. */
import { setTimeout as delay } from "node:timers/promises";
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import { type RunRecord, type RunStart, timeText } from "../history/run-record.ts";
import { checkStore } from "./check-store.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { describeError } from "./describe-error.ts";
import { hookEnvironment } from "./hook-environment.ts";
import { keepBackups } from "./keep-backups.ts";
import { runHook } from "./run-hook.ts";
import type { RunDependencies } from "./run-job.ts";
import type { RunStore } from "./run-store.ts";
import { type Taken, takeBackups } from "./take-backups.ts";

/** What has been done so far; a later attempt goes on from here. */
interface Done {
  before: boolean;
  taken: Taken;
  removed: number;
  /** Bytes that garbage collection gave back. */
  returned: number | undefined;
  step: string;
}

export interface Attempted {
  record: RunRecord;
  /** `before` did what it is for: there is something to tidy up. */
  prepared: boolean;
}

/** Never throws: what goes wrong is in the record. */
export async function attemptRun(
  config: SchedulerConfig,
  job: Job,
  start: RunStart,
  store: RunStore,
  dependencies: RunDependencies,
): Promise<Attempted> {
  const began = Date.now();
  const done: Done = { before: false, taken: new Map(), removed: 0, returned: undefined, step: "before" };
  const deadline = new AbortController();
  const limit = job.deadlineMs === undefined ? undefined : setTimeout(() => deadline.abort(), job.deadlineMs);
  const signal = AbortSignal.any([dependencies.signal, deadline.signal]);
  const { times, pauseMs, factor, maxPauseMs } = job.retries;
  let attempts = 0;
  let failure: unknown;
  for (let pause = pauseMs; ; pause = Math.min(pause * factor, maxPauseMs)) {
    attempts++;
    try {
      failure = undefined;
      await attempt(config, job, start, store, done, { ...dependencies, signal });
      break;
    } catch (error) {
      failure = error;
      await store.reopen();
    }
    if (signal.aborted || attempts > times) break;
    dependencies.note(
      `attempt ${attempts} failed: ${describeError(failure).message}; again in ${pause / 1000} s`,
    );
    await delay(Math.min(pause, maxPauseMs), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
  }
  clearTimeout(limit);
  const record = recordOf(start, done, attempts, (Date.now() - began) / 1000);
  const prepared = done.before;
  if (failure === undefined) return { record: withoutFailure(record, job), prepared };
  if (dependencies.signal.aborted) {
    const message = "the scheduler was ended while the run was under way";
    const error = { step: done.step, code: "INTERRUPTED", message };
    return { record: { ...record, outcome: "interrupted", error }, prepared };
  }
  const late = `not done within its deadline of ${(job.deadlineMs ?? 0) / 1000} s`;
  const error = deadline.signal.aborted
    ? { step: "deadline", code: "DEADLINE", message: late }
    : { step: done.step, ...describeError(failure) };
  return { record: { ...record, outcome: "failure", error }, prepared };
}

async function attempt(
  config: SchedulerConfig,
  job: Job,
  start: RunStart,
  store: RunStore,
  done: Done,
  dependencies: RunDependencies,
): Promise<void> {
  const { task, hooks } = job;
  const { signal, onProgress, note } = dependencies;
  if (!done.before && hooks.before) {
    done.step = "before";
    const environment = hookEnvironment(config, job, start, dependencies);
    await runHook("before", hooks.before, { environment, directory: config.directory }, signal);
  }
  done.before = true;
  if (task.kind === "check") {
    done.step = "check";
    return checkStore(await store.connection(), task.readDataPercent, signal);
  }
  if (task.kind === "gc") {
    done.step = "gc";
    done.returned = await collectGarbage(await store.connection(), task.maxUnusedPercent, signal);
    return;
  }
  done.step = "backup";
  const connection = await store.connection();
  await takeBackups(connection, task.sources, done.taken, {
    job: job.name,
    group: start.run,
    host: config.host,
    hostGiven: config.hostGiven,
    environment: dependencies.environment,
    signal,
    onProgress,
    note,
  });
  if (task.keep === undefined) return;
  done.step = "keep";
  for (const series of new Set([...done.taken.values()].map(({ snapshot }) => snapshot)))
    done.removed += await keepBackups(connection, series, job.name, task.keep);
}

function recordOf(
  start: RunStart,
  { taken, removed, returned }: Done,
  attempts: number,
  seconds: number,
): RunRecord {
  const { run, job, trigger, planned } = start;
  const summaries = [...taken.values()];
  const sum = (field: "read" | "new" | "stored"): number =>
    summaries.reduce((total, { bytes }) => total + Number(bytes[field]), 0);
  return {
    run,
    job,
    trigger,
    planned,
    start: start.start,
    end: timeText(Date.now()),
    seconds: Math.round(seconds * 1000) / 1000,
    outcome: "success",
    attempts,
    backups: summaries.map(({ backup, name, complete, size }) => ({
      id: backup ?? "",
      name,
      complete,
      size: Number(size),
    })),
    bytes: { read: sum("read"), new: sum("new"), stored: sum("stored") },
    removed,
    ...(returned === undefined ? {} : { returned }),
    unnotified: [],
  };
}

function withoutFailure(record: RunRecord, { task }: Job): RunRecord {
  const partial = record.backups.filter(({ complete }) => !complete).map(({ name }) => name);
  if (partial.length === 0 || (task.kind === "backup" && task.acceptIncomplete)) return record;
  const message = `entries could not be read: ${partial.join(", ")} ${partial.length === 1 ? "is" : "are"} incomplete; datadb show names them`;
  return { ...record, outcome: "incomplete", error: { step: "backup", code: "INCOMPLETE", message } };
}
