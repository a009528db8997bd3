/** What people and services are told of a run. */
import type { NoticeEvent } from "../config/scheduler-config.ts";
import type { RunRecord } from "../history/run-record.ts";

export interface Notice {
  event: NoticeEvent;
  job: string;
  host: string;
  /** One line: what happened. */
  message: string;
  /** The run, when it is over; for `start` and `overdue` absent. */
  record?: RunRecord | undefined;
}

/** The values of templates, all as text; empty when there is none. */
export function noticeValues({ event, job, host, message, record }: Notice): Record<string, string> {
  return {
    event,
    job,
    host,
    message,
    run: record?.run ?? "",
    outcome: record?.outcome ?? "",
    error: record?.error?.message ?? (event === "overdue" ? message : ""),
    start: record?.start ?? "",
    end: record?.end ?? "",
    seconds: record ? String(record.seconds) : "",
    bytes: record ? String(record.bytes.read) : "",
    backup: record?.backups.at(-1)?.id ?? "",
    backups: record?.backups.map(({ id }) => id).join(" ") ?? "",
  };
}

/** The line that says what came of a run. */
export function recordMessage({ job, outcome, error, backups, seconds }: RunRecord): string {
  const made = backups.length === 0 ? "" : `, ${backups.length} backup${backups.length === 1 ? "" : "s"}`;
  const why = error ? `: ${error.message}` : "";
  return `${job}: ${outcome}${made} in ${seconds} s${why}`;
}
