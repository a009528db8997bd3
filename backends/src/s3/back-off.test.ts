import { expect, test } from "vitest";
import { type BackOffClock, type Outlook, withBackOff } from "./back-off.ts";

const BACK_OFF = { retries: 3, delay: 200, maxDelay: 20_000, patience: 120_000 };

/** A clock that only pauses move, and a service that is away until `back`. */
function outage(back: number, outlook: Outlook = "away") {
  const state = { time: 0, attempts: 0, told: [] as number[] };
  const clock: BackOffClock = {
    now: () => state.time,
    async wait(milliseconds) {
      state.time += milliseconds;
    },
    random: () => 0.9,
  };
  const attempt = async (): Promise<number> => {
    state.attempts += 1;
    if (state.time < back) throw new Error("away");
    return state.time;
  };
  const retrying = {
    judge: () => outlook,
    onRetry: (_: unknown, away: number) => void state.told.push(away),
  };
  return { state, clock, attempt, retrying };
}

test.each([60_000, 90_000, 119_000])("a service that is away for %i ms is waited for", async (back) => {
  const { clock, attempt, retrying, state } = outage(back);
  expect(await withBackOff(BACK_OFF, attempt, retrying, clock)).toBeGreaterThanOrEqual(back);
  expect(state.told[0]).toBe(0);
  expect(state.told.at(-1)).toBeGreaterThan(30_000);
  // Pauses grow: nobody is asked all the time.
  expect(state.attempts).toBeLessThan(20);
});

test("patience ends when it should, with a last attempt at its end", async () => {
  const { clock, attempt, retrying, state } = outage(1_000_000);
  await expect(withBackOff(BACK_OFF, attempt, retrying, clock)).rejects.toThrow("away");
  expect(state.time).toBe(120_000);
});

test("without patience, and for other failures, attempts are counted", async () => {
  for (const [outlook, patience] of [
    ["away", 0],
    ["passing", 120_000],
  ] as const) {
    const { clock, attempt, retrying, state } = outage(1_000_000, outlook);
    await expect(withBackOff({ ...BACK_OFF, patience }, attempt, retrying, clock)).rejects.toThrow("away");
    expect(state.attempts).toBe(4);
  }
  const { clock, attempt, retrying, state } = outage(1_000_000, "final");
  await expect(withBackOff(BACK_OFF, attempt, retrying, clock)).rejects.toThrow("away");
  expect(state.attempts).toBe(1);
});

test("damage after a long outage has attempts of its own", async () => {
  const { clock, state } = outage(0);
  const attempt = async (): Promise<string> => {
    state.attempts += 1;
    if (state.time < 60_000) throw new Error("away");
    if (state.time < 61_000) {
      state.time += 400;
      throw new Error("cut");
    }
    return "whole";
  };
  const judge = (error: unknown): Outlook => ((error as Error).message === "away" ? "away" : "passing");
  const quick = { ...clock, random: () => 0.001 };
  expect(await withBackOff(BACK_OFF, attempt, { judge, onRetry: () => {} }, quick)).toBe("whole");
  expect(state.attempts).toBeGreaterThan(10);
});

test("an interrupt ends a pause of hours: with its reason, or with what went wrong", async () => {
  const patient = { retries: 3, delay: 3_600_000, maxDelay: 3_600_000, patience: 7_200_000 };
  const { attempt, retrying } = outage(1_000_000);
  for (const [which, message] of [
    ["signal", "enough"],
    ["end", "away"],
  ] as const) {
    const controller = new AbortController();
    const onRetry = (): void => void setImmediate(() => controller.abort(new Error("enough")));
    const waiting = withBackOff(patient, attempt, { ...retrying, onRetry, [which]: controller.signal });
    await expect(waiting).rejects.toThrow(message);
  }
});

test("whoever ends does not wait for an answer that a further attempt never gets", async () => {
  const controller = new AbortController();
  let attempts = 0;
  const attempt = (): Promise<never> => {
    attempts += 1;
    if (attempts === 1) return Promise.reject(new Error("away"));
    controller.abort(new Error("enough"));
    return new Promise(() => {});
  };
  const { retrying, clock } = outage(0);
  const waiting = withBackOff(BACK_OFF, attempt, { ...retrying, end: controller.signal }, clock);
  await expect(waiting).rejects.toThrow("away");
  expect(attempts).toBe(2);
  // And who asks afterwards is told at once.
  await expect(
    withBackOff(BACK_OFF, outage(9).attempt, { ...retrying, end: controller.signal }, clock),
  ).rejects.toThrow("away");
});
