/**
 * The due times of a schedule. Cron expressions follow croner around a change of clocks: a time that the change skips
 * is due when the clocks have moved, a time that comes twice is due once, and what is due every hour or minute is due
 * every real hour or minute.
 */
import { Cron } from "croner";
import type { Schedule } from "./schedule.ts";

export interface DueTimes {
  /** The first due time after `time`; null when there is none. Milliseconds since 1970, as everywhere here. */
  next(time: number): number | null;
  /** The last due time that is after `after` and not after `until`; null when there is none. */
  last(after: number, until: number): number | null;
}

/** `anchor`: the due time that those of an interval are counted from. */
export function dueTimes(schedule: Schedule, anchor: number): DueTimes {
  return schedule.kind === "cron" ? cronTimes(schedule) : intervalTimes(schedule.everyMs, anchor);
}

/** Throws what croner says about a wrong expression or an unknown zone. */
export function openCron(expression: string, timezone: string): Cron {
  return new Cron(expression, { timezone, paused: true });
}

/** Parsing costs more than the questions, and a scheduler asks about the same few schedules. */
const parsed = new Map<string, DueTimes>();
const MAX_PARSED = 1000;
const MAX_STRETCHES = 4;

function cronTimes({ expression, timezone }: Schedule & { kind: "cron" }): DueTimes {
  const name = `${timezone} ${expression}`;
  const known = parsed.get(name);
  if (known) return known;
  const cron = openCron(expression, timezone);
  const next = remembering((time) => cron.nextRun(new Date(time))?.getTime() ?? null);
  const times: DueTimes = {
    next,
    last(after, until) {
      let found = next(after);
      if (found === null || found > until) return null;
      // Bisected, because years of minutes may lie between. Nothing is due from `none` to `until`.
      for (let none = until; none - found >= 1000; ) {
        const middle = Math.floor((found + none) / 2);
        const due = next(middle);
        if (due !== null && due <= until) found = due;
        else none = middle;
      }
      return found;
    },
  };
  if (parsed.size >= MAX_PARSED) parsed.clear();
  parsed.set(name, times);
  return times;
}

/** The same stretch is asked about again and again: nothing is due between `time` and `next(time)`. */
function remembering(find: (time: number) => number | null): (time: number) => number | null {
  const stretches: { from: number; due: number }[] = [];
  return (time) => {
    const known = stretches.find(({ from, due }) => from <= time && time < due);
    if (known) return known.due;
    const due = find(time);
    if (due !== null) stretches.unshift({ from: time, due });
    stretches.splice(MAX_STRETCHES);
    return due;
  };
}

function intervalTimes(everyMs: number, anchor: number): DueTimes {
  const number = (time: number): number => Math.floor((time - anchor) / everyMs);
  return {
    next: (time) => anchor + Math.max(0, number(time) + 1) * everyMs,
    last(after, until) {
      const due = anchor + number(until) * everyMs;
      return due > after && due >= anchor ? due : null;
    },
  };
}
