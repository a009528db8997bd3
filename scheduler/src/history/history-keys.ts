/** Where a job's history is in the store: lists by time, that any Redis client reads. Permanent names. */

export interface HistoryKeys {
  /** RunStart by its time in milliseconds since 1970. */
  started: string;
  /** RunRecord by the same index. */
  runs: string;
  /** Since when the job has which schedule, by time in milliseconds. */
  schedules: string;
}

export function historyKeys(host: string, job: string): HistoryKeys {
  const prefix = `scheduler:${host}:${job}`;
  return { started: `${prefix}:started`, runs: `${prefix}:runs`, schedules: `${prefix}:schedules` };
}
