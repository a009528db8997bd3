/** The calendar period that an instant belongs to, and the way back from a wall time to an instant. */
import { zoneOffsetMs } from "../selector/zone-offset.ts";

export type Period = "hourly" | "daily" | "weekly" | "monthly" | "yearly";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const WEEK_DAYS = 7;
/** The first day of 1970 was a Thursday; ISO weeks begin on Monday. */
const FIRST_MONDAY_SHIFT = 3;

/**
 * A name that two instants share exactly when they lie in one period of the zone's calendar. An hour that happens twice,
 * because the clock was set back, is two hours.
 */
export function periodOf(period: Period, instant: number, timezone: string): string {
  const offset = zoneOffsetMs(instant, timezone);
  const wall = instant + offset;
  const date = new Date(wall);
  switch (period) {
    case "hourly":
      return `${Math.floor(wall / HOUR_MS)} ${offset}`;
    case "daily":
      return `${Math.floor(wall / DAY_MS)}`;
    case "weekly":
      return `${Math.floor((Math.floor(wall / DAY_MS) + FIRST_MONDAY_SHIFT) / WEEK_DAYS)}`;
    case "monthly":
      return `${date.getUTCFullYear()} ${date.getUTCMonth()}`;
    case "yearly":
      return `${date.getUTCFullYear()}`;
  }
}

/** The instant at which the zone's clocks show `wall` (ms as if it were UTC): the first, when they do twice or skip it. */
export function instantOf(wall: number, timezone: string): number {
  const offsets = [wall - DAY_MS, wall + DAY_MS].map((at) => zoneOffsetMs(at, timezone));
  const candidates = offsets.map((offset) => wall - offset);
  const real = candidates.filter((at) => at + zoneOffsetMs(at, timezone) === wall);
  return Math.min(...(real.length > 0 ? real : candidates));
}
