/** Decides when a job runs: a pure function of its schedule, of what ran, and of the time. */
import { dueTimes } from "./due-times.ts";
import { jitterOf } from "./jitter.ts";
import type { Schedule } from "./schedule.ts";

export interface Timing {
  schedule: Schedule;
  jitterMs: number;
  /** Runs that were missed are caught up, once. */
  anacron: boolean;
  /** Tells jobs and machines apart for the jitter. */
  seed: string;
}

/** What is remembered of a job. Milliseconds since 1970. */
export interface Remembered {
  /** Since when its schedule is as it is. */
  since: number;
  /** The due time that was taken care of last; null when none was yet. */
  handled: number | null;
  /** The last run did not end: its due time, and how many runs in a row did not. */
  interrupted?: { planned: number; times: number } | undefined;
}

export interface Decision {
  /** Start now, for this due time. */
  run?: number;
  /** `run` is late: it is caught up after sleep, downtime or a run that did not end. */
  late?: boolean;
  /** This due time was missed and is not caught up: take it as handled. */
  missed?: number;
  /** The clock was behind what was handled, so far that it must have been wrong: take this as handled. */
  corrected?: number;
  /** When the next run starts; null when the schedule has no more. */
  next: number | null;
}

/** A start within this time is on time: timers and busy machines are no reason to call a run missed. */
export const ON_TIME_MS = 60_000;
/** A clock that is behind by less is waited for, as cron does: what was run once is not run again. */
const CLOCK_TOLERANCE_MS = 3 * 3_600_000;
/** Runs that take the machine down with them are not caught up for ever. */
const MAX_INTERRUPTED = 3;

export function decide(timing: Timing, remembered: Remembered, now: number): Decision {
  const { schedule } = timing;
  const { handled } = remembered;
  const tolerance = schedule.kind === "cron" ? CLOCK_TOLERANCE_MS : 0;
  if (handled !== null && handled - now > tolerance) {
    const corrected: Remembered = { since: Math.min(remembered.since, now), handled: now };
    return { ...decide(timing, corrected, now), corrected: now };
  }
  if (handled === null && remembered.since - now > tolerance)
    return { ...decide(timing, { since: now, handled: now }, now), corrected: now };
  const decision = decideDue(timing, remembered, now);
  const { interrupted } = remembered;
  if (decision.run !== undefined || !interrupted || !timing.anacron) return decision;
  if (interrupted.times >= MAX_INTERRUPTED) return decision;
  const planned = schedule.kind === "every" ? now : interrupted.planned;
  return { run: planned, late: true, next: dueTimes(schedule, planned).next(planned) };
}

function decideDue(timing: Timing, { since, handled }: Remembered, now: number): Decision {
  const { schedule, anacron } = timing;
  const times = dueTimes(schedule, handled ?? since);
  // The first due time of an interval is the moment it is first seen; a cron expression only counts from then on.
  const after = handled ?? (schedule.kind === "every" ? since - 1 : since);
  const startOf = (due: number): number => {
    const following = times.next(due) ?? Number.POSITIVE_INFINITY;
    return due + jitterOf(timing.seed, due, Math.min(timing.jitterMs, following - due));
  };
  const nextAfter = (due: number): number | null => {
    const next = times.next(due);
    return next === null ? null : startOf(next);
  };
  const due = times.last(after, now);
  if (due === null) return { next: nextAfter(after) };
  const start = startOf(due);
  if (start > now) return { next: start };
  if (now - start <= ON_TIME_MS) return { run: due, next: nextAfter(due) };
  if (!anacron) return { missed: due, next: nextAfter(due) };
  // An interval begins anew with a late run; the grid of before would put the next one too close to it.
  if (schedule.kind === "every") return { run: now, late: true, next: now + schedule.everyMs };
  return { run: due, late: true, next: nextAfter(due) };
}
