/** What a hook finds in its environment. */
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import { secretValue } from "../config/secret-value.ts";
import type { RunRecord } from "../history/run-record.ts";

type Known = Pick<RunRecord, "run" | "trigger" | "planned" | "start"> & Partial<RunRecord>;

/** `record`: as much as is known of the run by now. Variables without a value are empty. */
export function hookEnvironment(
  config: SchedulerConfig,
  job: Job,
  record: Known,
  { environment }: { environment: NodeJS.ProcessEnv },
): NodeJS.ProcessEnv {
  const store = secretValue(config.store, "store", environment);
  const { backups = [], error, bytes } = record;
  return {
    ...environment,
    // So that a datadb in the hook means the same store.
    ...(store.includes("://") ? { DATADB_SERVER: store } : { DATADB_STORE: store }),
    DATADB_HOST: config.host,
    DATADB_JOB: job.name,
    DATADB_RUN: record.run,
    DATADB_TRIGGER: record.trigger,
    DATADB_PLANNED: record.planned ?? "",
    DATADB_START: record.start,
    DATADB_OUTCOME: record.outcome ?? "",
    DATADB_ERROR: error?.message ?? "",
    DATADB_ERROR_CODE: error?.code ?? "",
    DATADB_BACKUP: backups.at(-1)?.id ?? "",
    DATADB_BACKUPS: backups.map(({ id }) => id).join(" "),
    DATADB_BYTES: bytes ? String(bytes.read) : "",
    DATADB_SECONDS: record.seconds === undefined ? "" : String(record.seconds),
  };
}
