import { describe, expect, test } from "vitest";
import { decide, type Remembered, type Timing } from "./decide.ts";
import { jitterOf } from "./jitter.ts";

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(`2026-${text}Z`);
const nightly: Timing = {
  schedule: { kind: "cron", expression: "0 2 * * *", timezone: "UTC" },
  jitterMs: 0,
  anacron: true,
  seed: "web1\0etc",
};
const hourly: Timing = { ...nightly, schedule: { kind: "every", everyMs: HOUR } };
const since = at("01-01T00:00:00");
const after = (text: string, more: Partial<Remembered> = {}): Remembered => ({
  since,
  handled: at(text),
  ...more,
});

describe("a cron expression", () => {
  test("is not due when it is first seen, an interval is", () => {
    expect(decide(nightly, { since, handled: null }, since)).toEqual({ next: at("01-01T02:00:00") });
    expect(decide(hourly, { since, handled: null }, since)).toMatchObject({ run: since, next: since + HOUR });
  });

  test("is due at its time, and not twice", () => {
    const due = at("03-05T02:00:00");
    expect(decide(nightly, after("03-04T02:00:00"), due - 1)).toEqual({ next: due });
    expect(decide(nightly, after("03-04T02:00:00"), due)).toMatchObject({ run: due, next: due + 24 * HOUR });
    expect(decide(nightly, after("03-05T02:00:00"), due + 1)).toEqual({ next: due + 24 * HOUR });
  });

  test("is caught up once, for the last time that passed, or missed", () => {
    const now = at("03-08T09:00:00");
    expect(decide(nightly, after("03-04T02:00:00"), now)).toMatchObject({
      run: at("03-08T02:00:00"),
      late: true,
    });
    const missed = decide({ ...nightly, anacron: false }, after("03-04T02:00:00"), now);
    expect(missed).toEqual({ missed: at("03-08T02:00:00"), next: at("03-09T02:00:00") });
    const barely = decide({ ...nightly, anacron: false }, after("03-07T02:00:00"), at("03-08T02:00:59"));
    expect(barely).toMatchObject({ run: at("03-08T02:00:00") });
  });

  test("does not repeat what ran when the clock is set back, up to three hours", () => {
    expect(decide(nightly, after("03-05T02:00:00"), at("03-05T01:30:00"))).toEqual({
      next: at("03-06T02:00:00"),
    });
    const year = decide(nightly, { since, handled: Date.UTC(2027, 0, 1) }, at("03-05T01:30:00"));
    expect(year).toEqual({ corrected: at("03-05T01:30:00"), next: at("03-05T02:00:00") });
  });

  test("also forgets a wrong clock that it was first seen by", () => {
    const decision = decide(nightly, { since: Date.UTC(2099, 0, 1), handled: null }, at("03-05T01:30:00"));
    expect(decision).toEqual({ corrected: at("03-05T01:30:00"), next: at("03-05T02:00:00") });
  });
});

test("an interval begins anew after a late run and when the clock is set back", () => {
  const now = at("03-05T12:20:00");
  expect(decide(hourly, after("03-05T08:00:00"), now)).toEqual({ run: now, late: true, next: now + HOUR });
  expect(decide(hourly, after("03-05T13:00:00"), now)).toEqual({ corrected: now, next: now + HOUR });
});

test("a run that was cut is caught up, three times at most, and by a later one if there is one", () => {
  const planned = at("03-05T02:00:00");
  const cut = (times: number): Remembered => after("03-05T02:00:00", { interrupted: { planned, times } });
  expect(decide(nightly, cut(1), planned + HOUR)).toMatchObject({ run: planned, late: true });
  expect(decide(nightly, cut(3), planned + HOUR)).toEqual({ next: planned + 24 * HOUR });
  expect(decide({ ...nightly, anacron: false }, cut(1), planned + HOUR)).toEqual({
    next: planned + 24 * HOUR,
  });
  expect(decide(nightly, cut(1), planned + 25 * HOUR)).toMatchObject({ run: planned + 24 * HOUR });
});

test("jitter is the same again, differs between jobs, and never reaches the next due time", () => {
  const delays = Array.from({ length: 200 }, (_, day) => jitterOf("web1\0etc", day, 1000));
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...delays)).toBeLessThan(1000);
  expect(new Set(delays).size).toBeGreaterThan(100);
  expect(jitterOf("web1\0etc", 7, 1000)).toBe(delays[7]);
  expect(jitterOf("web2\0etc", 7, 1000)).not.toBe(delays[7]);
  const wide = { ...nightly, jitterMs: 1000 * HOUR };
  for (let day = 1; day < 28; day++) {
    const due = Date.UTC(2026, 4, day, 2);
    const { next } = decide(wide, { since, handled: due - 24 * HOUR }, due - 1);
    expect(next).toBeGreaterThanOrEqual(due);
    expect(next).toBeLessThan(due + 24 * HOUR);
  }
});
