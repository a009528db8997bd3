/** How far a time zone's wall clock is ahead of UTC. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds east of UTC at `instant` (ms since 1970). Throws RangeError for an unknown zone. */
export function zoneOffsetMs(instant: number, timezone: string): number {
  let format = formats.get(timezone);
  if (format === undefined) {
    const fields = {
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    } as const;
    format = new Intl.DateTimeFormat("en-US", {
      ...fields,
      timeZone: timezone,
      second: "numeric",
      era: "short",
      hourCycle: "h23",
    });
    formats.set(timezone, format);
  }
  const part: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(instant)) part[type] = value;
  const year = part["era"] === "BC" ? 1 - Number(part["year"]) : Number(part["year"]);
  const wall = new Date(
    Date.UTC(2000, 0, 1, Number(part["hour"]), Number(part["minute"]), Number(part["second"])),
  ).setUTCFullYear(year, Number(part["month"]) - 1, Number(part["day"]));
  return wall - Math.floor(instant / 1000) * 1000;
}

/** The zone of this process, an IANA name. */
export function localTimezone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
