import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { graceAfter, Unanswered } from "./end-grace.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = (): Promise<never> => new Promise(() => {});

test("answers are waited for, also after the end when they come in time", async () => {
  const end = new AbortController();
  const awaitAnswer = graceAfter(end.signal);
  expect(await awaitAnswer(Promise.resolve("at once"))).toBe("at once");
  await expect(awaitAnswer(Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  const late = awaitAnswer(new Promise((resolve) => setTimeout(() => resolve("late"), 3_600_000)));
  await vi.advanceTimersByTimeAsync(3_599_000);
  end.abort();
  await vi.advanceTimersByTimeAsync(1000);
  expect(await late).toBe("late");
  const next = awaitAnswer(new Promise((resolve) => setTimeout(() => resolve("next"), 4000)));
  await vi.advanceTimersByTimeAsync(4000);
  expect(await next).toBe("next");
  expect(vi.getTimerCount()).toBe(0);
});

test("whoever never answers is waited for once, five seconds from the end", async () => {
  const end = new AbortController();
  const awaitAnswer = graceAfter(end.signal);
  const ends: string[] = [];
  for (const name of ["first", "second"])
    void awaitAnswer(never()).catch((error: unknown) => {
      expect(error).toBeInstanceOf(Unanswered);
      ends.push(name);
    });
  await vi.advanceTimersByTimeAsync(3_600_000);
  end.abort();
  await vi.advanceTimersByTimeAsync(4000);
  expect(ends).toEqual([]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(ends).toEqual(["first", "second"]);
  const further = expect(awaitAnswer(never())).rejects.toThrow(Unanswered);
  await vi.advanceTimersByTimeAsync(500);
  await further;
  expect(vi.getTimerCount()).toBe(0);
});
