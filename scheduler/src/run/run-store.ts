/** The store of one run: opened when it is needed, opened again after a failure, and where the run is recorded. */
import type { Connection } from "@datadb/client";
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import { type History, openHistory } from "../history/open-history.ts";
import { summarize } from "../history/past.ts";
import { pendingRecords } from "../history/pending-records.ts";
import type { RunRecord, RunStart } from "../history/run-record.ts";
import { describeError } from "./describe-error.ts";
import { recoverRuns } from "./recover-runs.ts";

export interface RunStore {
  connection(): Promise<Connection>;
  /** The next connection() is a new one. */
  reopen(): Promise<void>;
  /** False when the due time was taken care of by another process. A store that takes nothing is no reason not to begin. */
  begin(start: RunStart): Promise<boolean>;
  /** Durable when it resolves: in the store, else in the state directory. */
  end(record: RunRecord): Promise<void>;
  close(): Promise<void>;
}

export interface RunStoreDependencies {
  open(signal: AbortSignal): Promise<Connection>;
  stateDirectory: string;
  note(text: string): void;
}

/** Recording a run must not fail because it was aborted; only the opening itself is limited. */
const OPEN_LIMIT_MS = 120_000;

export function openRunStore(
  config: SchedulerConfig,
  job: Job,
  dependencies: RunStoreDependencies,
): RunStore {
  const { stateDirectory, note } = dependencies;
  const { host } = config;
  const pending = pendingRecords(stateDirectory, config.store, host, job.name);
  let opened: Promise<Connection> | undefined;
  let began: { start: RunStart; index: number | null } | undefined;
  const connection = (): Promise<Connection> => {
    opened ??= dependencies.open(AbortSignal.timeout(OPEN_LIMIT_MS));
    return opened;
  };
  const close = async (): Promise<void> => {
    const closing = opened;
    opened = undefined;
    await closing?.then((open) => open.close()).catch(() => undefined);
  };
  const history = async (): Promise<History> => openHistory(await connection(), host, job.name);
  return {
    connection,
    reopen: close,
    close,
    async begin(start) {
      began = { start, index: null };
      try {
        const open = await history();
        await pending.deliver(open);
        await recoverRuns(await connection(), open, Date.now());
        const past = await open.read();
        const { handled, interrupted } = summarize(past);
        const planned = start.planned === null ? null : Date.parse(start.planned);
        if (planned !== null && planned === handled && interrupted === undefined) return false;
        began.index = await open.begin(start, past);
      } catch (error) {
        note(`the store does not take the beginning of the run: ${describeError(error).message}`);
        await close();
      }
      return true;
    },
    async end(record) {
      const { start, index } = began!;
      try {
        const open = await history();
        const past = await open.read();
        const known = past.started.find((one) => one.start.run === start.run)?.index;
        await open.end(index ?? known ?? (await open.begin(start, past)), record);
        await open.trim(past);
      } catch (error) {
        note(`the store does not take the record of the run, which waits: ${describeError(error).message}`);
        pending.add({ start, index, record });
      }
    },
  };
}
