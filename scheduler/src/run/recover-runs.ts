/** Records runs whose process is gone: killed, or gone down with its machine. */
import { type Connection, listBackups } from "@datadb/client";
import type { History } from "../history/open-history.ts";
import { summarize } from "../history/past.ts";
import { isAlive } from "../history/process-identity.ts";
import { type RunRecord, type RunStart, timeText } from "../history/run-record.ts";
import { backupMark } from "./backup-mark.ts";

/**
 * Backups that such a run had listed are found by their mark, so that history and store agree. To be called by who holds
 * the job's lock. Resolves with the records that it wrote.
 *
 * @param now when it was noticed.
 * @param error what is known of the end; without it the run counts as interrupted.
 */
export async function recoverRuns(
  connection: Connection,
  history: History,
  now: number,
  error?: RunRecord["error"],
): Promise<RunRecord[]> {
  const dead = summarize(await history.read()).open.filter(({ start }) => !isAlive(start.process));
  if (dead.length === 0) return [];
  const backups = await listBackups(connection);
  const written: RunRecord[] = [];
  for (const { index, start } of dead) {
    const made = backups.filter((backup) => backupMark(backup)?.group === start.run).reverse();
    const record: RunRecord = {
      ...interruptedRun(start, now, error),
      backups: made.map(({ id, name, complete, size }) => ({ id, name, complete, size })),
    };
    await history.end(index, record);
    written.push(record);
  }
  return written;
}

/** The record of a run of which nothing but its beginning is known. */
export function interruptedRun(start: RunStart, now: number, error?: RunRecord["error"]): RunRecord {
  const { run, job, trigger, planned } = start;
  return {
    run,
    job,
    trigger,
    planned,
    start: start.start,
    end: timeText(now),
    seconds: Math.max(0, Math.round((now - Date.parse(start.start)) / 1000)),
    outcome: error ? "failure" : "interrupted",
    error: error ?? {
      step: "run",
      code: "INTERRUPTED",
      message: "the process that ran it ended before it was done",
    },
    attempts: 1,
    backups: [],
    bytes: { read: 0, new: 0, stored: 0 },
    removed: 0,
    unnotified: [],
  };
}
