/** Reads the histories of jobs from the store, which is open only meanwhile. */
import type { RunRecord } from "../history/run-record.ts";
import { describeError } from "../run/describe-error.ts";
import { lockReleased } from "../run/hold-lock.ts";
import { jobLock } from "../run/take-turn.ts";
import type { Core } from "./core.ts";
import type { JobState } from "./job-state.ts";
import { readJob } from "./read-job.ts";
import { tellRecord } from "./tell.ts";

/** A store that could not be read is tried again after this time. */
const READ_AGAIN_MS = 30_000;

/** Never rejects: what cannot be read is tried again later. `error`: how a run ended whose process is gone. */
export async function readJobs(
  core: Core,
  some: readonly JobState[],
  error?: RunRecord["error"],
): Promise<void> {
  if (some.length === 0) return;
  const { clock, open, stateDirectory, environment } = core.dependencies;
  const { config } = core;
  try {
    const connection = await open(config, core.stopped);
    try {
      for (const state of some) {
        const cut = await readJob(connection, config, state, { stateDirectory, now: clock.now(), error });
        for (const record of cut) {
          core.emit({ type: "ended", job: state.job.name, record });
          core.inBackground(tellRecord(config, state.job, record, environment));
        }
        if (state.elsewhere) core.inBackground(readWhenEnded(core, state));
      }
    } finally {
      await connection.close();
    }
  } catch (cause) {
    if (core.stopped.aborted) return;
    const { message } = describeError(cause);
    for (const state of some) {
      if (state.unread !== message) core.emit({ type: "unread", job: state.job.name, message });
      state.unread = message;
    }
    core.readAgain = clock.now() + READ_AGAIN_MS;
  }
}

async function readWhenEnded(core: Core, state: JobState): Promise<void> {
  try {
    await lockReleased(jobLock(core.config.store, core.config.host, state.job.name), core.stopped);
  } catch {
    return;
  }
  await readJobs(core, [state]);
  core.wake.abort();
}
