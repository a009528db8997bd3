import { expect, it } from "vitest";
import { endOfTime } from "./end-of-time.ts";
import { parsePartialTime } from "./partial-time.ts";

/** The last millisecond that still belongs to the period. */
const last = (text: string, zone: string): string =>
  new Date(endOfTime(parsePartialTime(text)!, zone) - 1).toISOString();

it.each([
  ["2026", "UTC", "2026-12-31T23:59:59.999Z"],
  ["2026-02", "UTC", "2026-02-28T23:59:59.999Z"],
  ["2024-02", "UTC", "2024-02-29T23:59:59.999Z"],
  ["2026-12", "UTC", "2026-12-31T23:59:59.999Z"],
  ["2026-11-19", "UTC", "2026-11-19T23:59:59.999Z"],
  ["2026-11-19T23", "UTC", "2026-11-19T23:59:59.999Z"],
  ["2026-11-19T10:30", "UTC", "2026-11-19T10:30:59.999Z"],
  ["2026-11-19T10:30:15", "UTC", "2026-11-19T10:30:15.999Z"],
  ["2026-11-19T10:30:15.1", "UTC", "2026-11-19T10:30:15.199Z"],
  ["2026-11-19T10:30:15.12", "UTC", "2026-11-19T10:30:15.129Z"],
  ["2026-11-19T10:30:15.123", "UTC", "2026-11-19T10:30:15.123Z"],
  ["2026-11-19T10:30:15.123999", "UTC", "2026-11-19T10:30:15.123Z"],
  ["2026-11-19", "Europe/Berlin", "2026-11-19T22:59:59.999Z"],
  ["2026-07-19", "Europe/Berlin", "2026-07-19T21:59:59.999Z"],
  ["2026-11-19T10:30Z", "Europe/Berlin", "2026-11-19T10:30:59.999Z"],
  ["2026-11-19T10:30+05:30", "Europe/Berlin", "2026-11-19T05:00:59.999Z"],
  ["2026-11-19", "Asia/Kathmandu", "2026-11-19T18:14:59.999Z"],
  // Set back on 2026-10-25 at 03:00 to 02:00: that hour happens twice, the second time ends it.
  ["2026-10-25T01", "Europe/Berlin", "2026-10-24T23:59:59.999Z"],
  ["2026-10-25T02", "Europe/Berlin", "2026-10-25T01:59:59.999Z"],
  ["2026-10-25T02:30", "Europe/Berlin", "2026-10-25T01:30:59.999Z"],
  ["2026-10-25T03", "Europe/Berlin", "2026-10-25T02:59:59.999Z"],
  ["2026-10-25", "Europe/Berlin", "2026-10-25T22:59:59.999Z"],
  ["2026-10-25T02:30+02:00", "Europe/Berlin", "2026-10-25T00:30:59.999Z"],
  // Set forward on 2026-03-29 at 02:00 to 03:00: the skipped hour is over when the clock changes.
  ["2026-03-29T01", "Europe/Berlin", "2026-03-29T00:59:59.999Z"],
  ["2026-03-29T02", "Europe/Berlin", "2026-03-29T00:59:59.999Z"],
  ["2026-03-29T02:30", "Europe/Berlin", "2026-03-29T00:59:59.999Z"],
  ["2026-03-29T03", "Europe/Berlin", "2026-03-29T01:59:59.999Z"],
  ["2026-03-29", "Europe/Berlin", "2026-03-29T21:59:59.999Z"],
  // A day whose midnight is skipped, and one whose last hour happens twice.
  ["2024-09-07", "America/Santiago", "2024-09-08T03:59:59.999Z"],
  ["2024-04-06", "America/Santiago", "2024-04-07T03:59:59.999Z"],
  ["2026-10-04T02:10", "Australia/Lord_Howe", "2026-10-03T15:29:59.999Z"],
])("%s in %s lasts until %s", (text, zone, expected) => expect(last(text, zone)).toBe(expected));
