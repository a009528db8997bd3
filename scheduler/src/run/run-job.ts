/** One run of a job from beginning to end: its turn, hooks, attempts, retention, notices, history. */
import { randomUUID } from "node:crypto";
import type { Connection, SnapshotProgress } from "@datadb/client";
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import { processIdentity } from "../history/process-identity.ts";
import { type RunRecord, type RunStart, type Trigger, timeText } from "../history/run-record.ts";
import { recordMessage } from "../notify/notice.ts";
import { type Notifier, openNotifier } from "../notify/notifier.ts";
import { type Attempted, attemptRun } from "./attempt-run.ts";
import { describeError } from "./describe-error.ts";
import { hookEnvironment } from "./hook-environment.ts";
import { runHook } from "./run-hook.ts";
import { openRunStore } from "./run-store.ts";
import { takeTurn } from "./take-turn.ts";

export interface RunDependencies {
  /** Opens the store of the configuration; each call another connection. */
  open(signal: AbortSignal): Promise<Connection>;
  environment: NodeJS.ProcessEnv;
  /** Where records wait that the store does not take. */
  stateDirectory: string;
  /** Ends the run as interrupted. */
  signal: AbortSignal;
  /** For people who watch. */
  note(text: string): void;
  onProgress?: ((progress: SnapshotProgress) => void) | undefined;
  /** Before a notice is sent again; for tests. */
  noticePauseMs?: number | undefined;
}

export interface RunRequest {
  trigger: Trigger;
  /** The due time that the run is for. */
  planned: number | null;
}

/**
 * Runs the job, whatever goes wrong, and resolves with what came of it, when that is durable in the store's history (or,
 * when the store does not take it, in the state directory). Waits while another process runs the job or one with the
 * same source. Null: another process took care of this due time meanwhile.
 *
 * Rejects only when `signal` is aborted before the run began.
 */
export async function runJob(
  config: SchedulerConfig,
  job: Job,
  request: RunRequest,
  dependencies: RunDependencies,
): Promise<RunRecord | null> {
  const { environment, signal } = dependencies;
  const release = await takeTurn(config, job, dependencies);
  const store = openRunStore(config, job, dependencies);
  try {
    const start: RunStart = {
      run: randomUUID(),
      job: job.name,
      trigger: request.trigger,
      planned: request.planned === null ? null : timeText(request.planned),
      start: timeText(Date.now()),
      process: processIdentity(),
    };
    if (!(await store.begin(start))) return null;
    const { noticePauseMs: pauseMs } = dependencies;
    const notifier = openNotifier(job.notify, config.smtp, {
      environment,
      ...(pauseMs === undefined ? {} : { pauseMs }),
    });
    const { host } = config;
    const began = notifier.tell({ event: "start", job: job.name, host, message: `${job.name}: started` });
    const attempted = await attemptRun(config, job, start, store, dependencies);
    const { record } = attempted;
    await lastHooks(config, job, attempted, dependencies, signal);
    record.unnotified.push(...(await began), ...(await tellEnd(notifier, host, record)));
    await store.end(record);
    return record;
  } finally {
    await store.close();
    await release();
  }
}

/** A run whose `after` fails has failed, although its backups are there. */
async function lastHooks(
  config: SchedulerConfig,
  job: Job,
  { record, prepared }: Attempted,
  dependencies: RunDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { after, onFailure } = job.hooks;
  const place = (): { environment: NodeJS.ProcessEnv; directory: string } => ({
    environment: hookEnvironment(config, job, record, dependencies),
    directory: config.directory,
  });
  if (after && prepared) {
    try {
      await runHook("after", after, place());
    } catch (error) {
      record.error ??= { step: "after", ...describeError(error) };
      if (record.outcome === "success" || record.outcome === "incomplete") record.outcome = "failure";
    }
  }
  if (!onFailure || record.outcome === "success" || signal.aborted) return;
  try {
    await runHook("onFailure", onFailure, place());
  } catch (error) {
    const { message } = describeError(error);
    if (record.error) record.error.message += `; ${message}`;
  }
}

/** Who could not be told is told of to the others. */
async function tellEnd(notifier: Notifier, host: string, record: RunRecord): Promise<string[]> {
  const { job } = record;
  const event = record.outcome === "success" ? "success" : "failure";
  const failed = await notifier.tell({ event, job, host, message: recordMessage(record), record });
  if (failed.length === 0 || event === "failure") return failed;
  const message = `${job}: ${record.outcome}, but not everybody could be told: ${failed.join("; ")}`;
  return [...failed, ...(await notifier.tell({ event: "failure", job, host, message, record }))];
}
