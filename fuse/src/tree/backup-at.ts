/** The times below at/NAME: full and partial ones as in selectors. */
import { type Backup, endOfTime, parsePartialTime } from "@datadb/client";

const DAY_MS = 86_400_000;

/**
 * The newest backup at or before the end of the written period, in the time zone unless one is written; null when the text is
 * no time, or there is none so old. `backups` are newest first.
 */
export function backupAt(
  backups: readonly Backup[],
  text: string,
  timezone: string,
  now: number = Date.now(),
): Backup | null {
  const time = parsePartialTime(text);
  if (time === null) return null;
  // As selectors do: a time far ahead does not show what a clock that was wrong has dated there.
  const until = Math.min(endOfTime(time, timezone), now + DAY_MS);
  return backups.find((backup) => Date.parse(backup.time) < until) ?? null;
}

/** The days of the time zone on which there are backups, newest first: what at/NAME lists. */
export function daysOf(backups: readonly Backup[], timezone: string): string[] {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: timezone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  return [...new Set(backups.map(({ time }) => format.format(Date.parse(time))))];
}
