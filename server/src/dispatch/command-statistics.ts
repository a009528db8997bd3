/** What is counted for each command: for INFO commandstats, /debug/vars and /metrics. */

export interface CommandStatistics {
  calls: number;
  /** Time in microseconds, of every 16th call and multiplied: the clock costs as much as a GET. */
  microseconds: number;
  /** Calls that answered an error. */
  failed: number;
  /** Calls refused before they began: arity, authentication, rights. */
  rejected: number;
}

export const SAMPLE_EVERY = 16;

export function emptyStatistics(): CommandStatistics {
  return { calls: 0, microseconds: 0, failed: 0, rejected: 0 };
}
