/** What /metrics tells of the scheduler, in the text format of Prometheus. */
import type { JobState } from "../daemon/job-state.ts";
import type { JobStatus } from "../health/job-status.ts";

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** `states` and `all` in the same order. */
export function metricsText(states: readonly JobState[], all: readonly JobStatus[]): string {
  const gauge = (
    name: string,
    help: string,
    value: (status: JobStatus, state: JobState) => number | null,
  ): string =>
    metric(
      `datadb_scheduler_${name}`,
      "gauge",
      help,
      all.flatMap((status, index) => {
        const found = value(status, states[index]!);
        return found === null ? [] : [{ labels: { job: status.job }, value: found }];
      }),
    );
  const seconds = (time: string | null | undefined): number | null => (time ? Date.parse(time) / 1000 : null);
  const runs = states.flatMap(({ job, counts }) =>
    Object.entries(counts).map(([outcome, value]) => ({ labels: { job: job.name, outcome }, value })),
  );
  return [
    gauge("job_healthy", "1 when the job is healthy.", ({ healthy }) => (healthy ? 1 : 0)),
    gauge("job_running", "1 while the job runs.", ({ running }) => (running ? 1 : 0)),
    gauge("last_run_timestamp_seconds", "When the last run ended.", ({ last }) => seconds(last?.end)),
    gauge("last_success_timestamp_seconds", "When the last success ended.", ({ lastSuccess }) =>
      seconds(lastSuccess),
    ),
    gauge("next_run_timestamp_seconds", "When the job runs next.", ({ next }) => seconds(next)),
    gauge("last_run_seconds", "What the last run took.", ({ last }) => last?.seconds ?? null),
    gauge("last_run_read_bytes", "What the last run read.", ({ last }) => last?.bytes.read ?? null),
    gauge("last_run_new_bytes", "What of it was new to the store.", ({ last }) => last?.bytes.new ?? null),
    metric("datadb_scheduler_runs_total", "counter", "Runs since the scheduler started.", runs),
  ].join("");
}

function metric(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

/** Names of jobs and outcomes need no escapes. */
function labelText(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`;
}
