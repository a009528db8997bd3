import { describe, expect, test } from "vitest";
import { civilDueTimes } from "../testing/civil-due-times.ts";
import { dueTimes } from "./due-times.ts";

const FROM = Date.UTC(2026, 0, 1);
const UNTIL = Date.UTC(2027, 0, 1);

/** Zones whose clocks change at night, at midnight, by half an hour, in both hemispheres, or never. */
const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "America/Santiago",
  "Australia/Lord_Howe",
  "Africa/Cairo",
  "Asia/Kolkata",
];

const EXPRESSIONS: [string, { minute: number; hour?: number; weekday?: number }][] = [
  ["30 2 * * *", { minute: 30, hour: 2 }],
  ["15 1 * * *", { minute: 15, hour: 1 }],
  ["45 1 * * *", { minute: 45, hour: 1 }],
  ["0 0 * * *", { minute: 0, hour: 0 }],
  ["0 2 * * 0", { minute: 0, hour: 2, weekday: 0 }],
  ["45 * * * *", { minute: 45 }],
];

describe.each(ZONES)("a year in %s", (zone) => {
  test.each(EXPRESSIONS)("%s", (expression, fields) => {
    const expected = civilDueTimes({ zone, ...fields }, FROM, UNTIL);
    const times = dueTimes({ kind: "cron", expression, timezone: zone }, 0);
    const found: number[] = [];
    for (let due = times.next(FROM - 1); due !== null && due < UNTIL; due = times.next(due)) found.push(due);
    const text = (all: number[]): string[] => all.map((ms) => new Date(ms).toISOString());
    expect(text(found)).toEqual(text(expected));
  });
});

test("next and last agree, wherever one asks", () => {
  for (const schedule of [
    { kind: "cron", expression: "30 2 * * *", timezone: "Europe/Berlin" },
    { kind: "cron", expression: "*/20 * * * *", timezone: "Australia/Lord_Howe" },
    { kind: "cron", expression: "*/10 * * * * *", timezone: "UTC" },
    { kind: "every", everyMs: 7000 },
  ] as const) {
    const times = dueTimes(schedule, FROM);
    for (let at = Date.UTC(2026, 2, 28); at < Date.UTC(2026, 2, 30); at += 1_234_567) {
      const last = times.last(FROM, at)!;
      expect(last).toBeLessThanOrEqual(at);
      expect(times.next(last - 1)).toBe(last);
      expect(times.next(last)).toBeGreaterThan(at);
      expect(times.last(last, at)).toBeNull();
    }
  }
});

test("an interval is due at its anchor first, and never before", () => {
  const times = dueTimes({ kind: "every", everyMs: 1000 }, 5000);
  expect(times.next(0)).toBe(5000);
  expect(times.last(0, 4999)).toBeNull();
  expect(times.last(4999, 5000)).toBe(5000);
  expect(times.last(5000, 5999)).toBeNull();
  expect(times.last(5000, 8500)).toBe(8000);
});
