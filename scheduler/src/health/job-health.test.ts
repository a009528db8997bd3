import { expect, test } from "vitest";
import type { RunRecord } from "../history/run-record.ts";
import { testConfig } from "../testing/test-config.ts";
import { healthProblems, overdueAt } from "./job-health.ts";

const HOUR = 3_600_000;
const since = Date.UTC(2026, 5, 1);
const job = (text: string) => testConfig(`store: /s\njobs: [{ name: a, source: /a, ${text} }]`).jobs[0]!;
const record = (end: number, more: Partial<RunRecord> = {}): RunRecord =>
  ({
    outcome: "success",
    start: new Date(end - 1000).toISOString(),
    end: new Date(end).toISOString(),
    planned: null,
    unnotified: [],
    ...more,
  }) as Partial<RunRecord> as RunRecord;
const none = { since, last: undefined, lastSuccess: undefined };

test("a job that never ran is overdue some time after it should have", () => {
  expect(overdueAt(job("every: 1h"), none, since)).toBe(since + HOUR);
  expect(overdueAt(job("every: 5s"), none, since)).toBe(since + HOUR / 6);
  expect(overdueAt(job('cron: "0 2 * * *"'), none, since)).toBe(since + 8 * HOUR);
  expect(overdueAt(job('cron: "0 2 * * *", within: 30m'), none, since)).toBe(since + HOUR / 2);
  expect(healthProblems(job("every: 1h"), none, since + HOUR)).toEqual([]);
  expect(healthProblems(job("every: 1h"), none, since + HOUR + 1)).toEqual([
    "overdue: no success since it is known, 1h1ms",
  ]);
});

test("after a success the next one is waited for, also when it runs late on purpose or long", () => {
  const lastSuccess = record(since + 2 * HOUR + 1000);
  const past = { since, last: lastSuccess, lastSuccess };
  expect(overdueAt(job("every: 4h"), past, since + 3 * HOUR)).toBe(since + 2 * HOUR + 8 * HOUR);
  expect(overdueAt(job("every: 4h, jitter: 1h, deadline: 5h"), past, since + 3 * HOUR)).toBe(
    since + 2 * HOUR + 10 * HOUR,
  );
  expect(healthProblems(job("every: 4h"), past, since + 3 * HOUR)).toEqual([]);
});

test("a clock that was ahead does not hide silence", () => {
  const lastSuccess = record(Date.UTC(2099, 0, 1));
  const past = { since, last: lastSuccess, lastSuccess };
  expect(overdueAt(job("every: 1h, within: 2h"), past, since)).toBe(since + 2 * HOUR);
  expect(overdueAt(job("every: 1h"), past, since)).toBe(since + 2 * HOUR);
});

test("whatever the last run lacked is a problem", () => {
  const now = since + HOUR;
  const last = record(now, {
    outcome: "incomplete",
    error: { step: "backup", code: "INCOMPLETE", message: "some" },
  });
  expect(healthProblems(job("every: 1h"), { since, last, lastSuccess: record(now) }, now)).toEqual([
    "the last run ended with incomplete: some",
  ]);
  const untold = record(now, { unnotified: ["ping 1: no"] });
  expect(healthProblems(job("every: 1h"), { since, last: untold, lastSuccess: untold }, now)).toEqual([
    "not everybody could be told of the last run: ping 1: no",
  ]);
});
