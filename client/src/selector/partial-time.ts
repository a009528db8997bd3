/** Times of which the end may be missing: `2026`, `2026-11`, `2026-11-19T10:30`, with or without a zone. */

/** A period: the fields that were written, and the zone when it was. */
export interface PartialTime {
  year: number;
  /** 1 to 12. */
  month?: number;
  day?: number;
  hour?: number;
  minute?: number;
  second?: number;
  /** Digits after the decimal point, as written. */
  fraction?: string;
  /** Minutes east of UTC; absent means the local time zone. */
  offset?: number;
}

const FORM =
  /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[Tt ](\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?)?)?$/;

/** @returns null when the text is no valid time; a day that its month does not have is not valid. */
export function parsePartialTime(text: string): PartialTime | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const time: PartialTime = { year: Number(year) };
  if (month !== undefined) time.month = Number(month);
  if (day !== undefined) time.day = Number(day);
  if (hour !== undefined) time.hour = Number(hour);
  if (minute !== undefined) time.minute = Number(minute);
  if (second !== undefined) time.second = Number(second);
  if (fraction !== undefined) time.fraction = fraction;
  if (zone !== undefined) {
    const offset = zoneOffset(zone);
    if (offset === null) return null;
    time.offset = offset;
  }
  return inRange(time) ? time : null;
}

function inRange(time: PartialTime): boolean {
  const { year, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = time;
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return false;
  return day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

function zoneOffset(zone: string): number | null {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", ""));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}
