/**
 * For tests: the due times of simple cron expressions, found without a cron library, by walking through a zone's local
 * time. The measure for what the scheduler does around changes of clocks.
 */

const STEP_MS = 15 * 60_000;
const MINUTE_MS = 60_000;

export interface CivilTimes {
  zone: string;
  /** Minutes and hours of the day; no hours: every hour. */
  minute: number;
  hour?: number;
  /** 0 is Sunday; absent: every day. */
  weekday?: number;
}

/** Milliseconds that local time is ahead of UTC, from each quarter of an hour on; no zone changes in between. */
function offsets(zone: string, from: number, until: number): Map<number, number> {
  const key = `${zone} ${from} ${until}`;
  const known = remembered.get(key) ?? computeOffsets(zone, from, until);
  remembered.set(key, known);
  return known;
}

const remembered = new Map<string, Map<number, number>>();

function computeOffsets(zone: string, from: number, until: number): Map<number, number> {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  const found = new Map<number, number>();
  for (let at = from; at < until; at += STEP_MS) {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year, month, day, hour, minute } = part as Record<
      "year" | "month" | "day" | "hour" | "minute",
      number
    >;
    found.set(at, Date.UTC(year, month - 1, day, hour, minute) - at);
  }
  return found;
}

/**
 * Without an hour, due at every real minute that matches. With one, due once a day: the first time that the local time
 * comes; when the clocks skip it, at the moment of the change. `from` and `until` are full quarters of an hour.
 */
export function civilDueTimes(
  { zone, minute, hour, weekday }: CivilTimes,
  from: number,
  until: number,
): number[] {
  const found: number[] = [];
  let before: number | undefined;
  let latest = Number.NEGATIVE_INFINITY;
  for (const [at, offset] of offsets(zone, from, until)) {
    const skippedFrom = before !== undefined && offset > before ? at + before : undefined;
    const matches = (local: number): boolean => {
      const time = new Date(local);
      if (time.getUTCMinutes() !== minute) return false;
      if (hour !== undefined && time.getUTCHours() !== hour) return false;
      return weekday === undefined || time.getUTCDay() === weekday;
    };
    if (hour !== undefined && skippedFrom !== undefined) {
      for (let local = skippedFrom; local < at + offset; local += MINUTE_MS) {
        if (matches(local)) found.push(at);
        latest = Math.max(latest, local);
      }
    }
    for (let real = at; real < at + STEP_MS; real += MINUTE_MS) {
      const local = real + offset;
      // A local time that comes a second time is not due again.
      if (matches(local) && (hour === undefined || local > latest) && found.at(-1) !== real) found.push(real);
      latest = Math.max(latest, local);
    }
    before = offset;
  }
  return found;
}
