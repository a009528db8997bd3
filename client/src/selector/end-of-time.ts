/** From a written period to the instant at which it is over, in any time zone and across its clock changes. */
import type { PartialTime } from "./partial-time.ts";
import { zoneOffsetMs } from "./zone-offset.ts";

const DAY_MS = 86_400_000;

/**
 * The first instant after the period, in ms since 1970: a backup belongs to the period or was made before it
 * when its time is smaller. `timezone` (an IANA name) counts unless the time has a zone of its own.
 *
 * When the clock is set back a wall time happens twice, and the period lasts until the second is over. A wall
 * time that is skipped when the clock is set forward is over at that moment.
 */
export function endOfTime(time: PartialTime, timezone: string): number {
  const lastWall = lastMillisecond(time);
  if (time.offset !== undefined) return lastWall - time.offset * 60_000 + 1;
  const offsets = [lastWall - DAY_MS, lastWall + DAY_MS].map((at) => zoneOffsetMs(at, timezone));
  const candidates = offsets.map((offset) => lastWall - offset);
  const real = candidates.filter((at) => at + zoneOffsetMs(at, timezone) === lastWall);
  if (real.length > 0) return Math.max(...real) + 1;
  return clockChange(Math.min(...candidates), Math.max(...candidates), lastWall, timezone);
}

/** The period's last millisecond, read as if it were UTC. */
function lastMillisecond(time: PartialTime): number {
  const { year, month, day, hour, minute, second, fraction } = time;
  const next = (field: number | undefined, first: number): number => field ?? first;
  // The finest written field is advanced by one; Date carries into the coarser ones.
  const fields = [year, next(month, 1), next(day, 1), next(hour, 0), next(minute, 0), next(second, 0)];
  const written = [year, month, day, hour, minute, second].filter((field) => field !== undefined).length;
  if (fraction === undefined) fields[written - 1]! += 1;
  const at = utc(fields);
  if (fraction === undefined) return at - 1;
  const digits = Math.min(fraction.length, 3);
  const start = Number(fraction.slice(0, digits)) * 10 ** (3 - digits);
  return at + start + 10 ** (3 - digits) - 1;
}

function utc([year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0]: number[]): number {
  // setUTCFullYear: Date.UTC would take years below 100 for years of the last century.
  const date = new Date(Date.UTC(2000, 0, 1, hour, minute, second));
  return date.setUTCFullYear(year, month - 1, day + (date.getUTCDate() - 1));
}

/** The instant between two others at which the wall clock jumps over `wall`. */
function clockChange(low: number, high: number, wall: number, timezone: string): number {
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (middle + zoneOffsetMs(middle, timezone) > wall) high = middle;
    else low = middle;
  }
  return high;
}
