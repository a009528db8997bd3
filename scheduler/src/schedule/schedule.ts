/** When a job is due. */

export type Schedule =
  /** Fields of cron, five or six (then seconds come first), in an IANA time zone. */
  | { kind: "cron"; expression: string; timezone: string }
  /** Milliseconds from one due time to the next. */
  | { kind: "every"; everyMs: number };

/** The schedule as one line, as history and status tell it. */
export function scheduleText(schedule: Schedule): string {
  if (schedule.kind === "cron") return `cron ${schedule.expression} ${schedule.timezone}`;
  return `every ${schedule.everyMs} ms`;
}
