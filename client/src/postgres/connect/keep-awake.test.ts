/** Sessions that wait are heard of once a minute, and no more than one question is on its way. */
import type pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepAwake } from "./keep-awake.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a session is asked for nothing once a minute, also when it failed, and not while it has not answered", async () => {
  const answers = [
    () => Promise.resolve(),
    () => Promise.reject(new Error("failed")),
    () => new Promise(() => {}),
  ];
  let asked = 0;
  const query = (): Promise<unknown> => answers[asked++]!();
  const stop = keepAwake({ query } as unknown as pg.Client);
  await vi.advanceTimersByTimeAsync(59_000);
  expect(asked).toBe(0);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toBe(3);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});
