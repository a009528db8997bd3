/** What the history of a job says about its next run and its health. */
import type { Past } from "./open-history.ts";
import type { RunRecord, RunStart } from "./run-record.ts";

export interface PastSummary {
  /** The due time that was taken care of last, in the order of the runs, not of the clock. */
  handled: number | null;
  /** The last scheduled run did not end: its due time, and how many of them in a row did not. */
  interrupted: { planned: number; times: number } | undefined;
  /** Runs that began and of whose end nothing is known. */
  open: { index: number; start: RunStart }[];
  last: RunRecord | undefined;
  lastSuccess: RunRecord | undefined;
}

export function summarize({ started, runs }: Past): PastSummary {
  const ended = new Map(runs.map(({ index, record }) => [index, record]));
  const scheduled = started.filter(({ start }) => start.planned !== null);
  const planned = scheduled.at(-1)?.start.planned ?? null;
  const whole = scheduled.findLastIndex(({ index }) => ended.get(index)?.outcome !== "interrupted");
  const times = scheduled.length - 1 - whole;
  return {
    handled: planned === null ? null : Date.parse(planned),
    interrupted: times > 0 ? { planned: Date.parse(planned!), times } : undefined,
    open: started.filter(({ index }) => !ended.has(index)),
    last: runs.at(-1)?.record,
    lastSuccess: runs.findLast(({ record }) => record.outcome === "success")?.record,
  };
}
