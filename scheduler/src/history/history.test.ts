import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReplyError } from "@datadb/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { interruptedRun, recoverRuns } from "../run/recover-runs.ts";
import { memoryLists } from "../testing/memory-lists.ts";
import { openHistory } from "./open-history.ts";
import { summarize } from "./past.ts";
import { pendingRecords } from "./pending-records.ts";
import { isAlive, processIdentity } from "./process-identity.ts";
import { type Outcome, type RunStart, timeText } from "./run-record.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb-history-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const NOON = Date.UTC(2026, 5, 1, 12);
const startAt = (ms: number, run = String(ms)): RunStart => ({
  run,
  job: "etc",
  trigger: "schedule",
  planned: timeText(ms),
  start: timeText(ms),
  process: { pid: 1, ticks: "", boot: "", namespace: "" },
});

/** Runs one after the other, each with its outcome; `undefined` has no end. */
async function history(...outcomes: (Outcome | undefined)[]) {
  const store = memoryLists();
  const open = openHistory(store.connection, "web1", "etc");
  for (const [number, outcome] of outcomes.entries()) {
    const start = startAt(NOON + number * 1000);
    const index = await open.begin(start, { started: [], runs: [], schedule: null });
    if (outcome) await open.end(index, { ...interruptedRun(start, NOON), outcome });
  }
  return { store, open };
}

test("what the past says", async () => {
  const { open } = await history("success", "failure", "interrupted", "interrupted");
  expect(summarize(await open.read())).toMatchObject({
    handled: NOON + 3000,
    interrupted: { planned: NOON + 3000, times: 2 },
    open: [],
    last: { outcome: "interrupted" },
    lastSuccess: { run: String(NOON) },
  });
  expect(summarize(await (await history()).open.read())).toMatchObject({
    handled: null,
    interrupted: undefined,
  });
});

test("runs keep their order when the clock goes back", async () => {
  const { open } = await history("success");
  const index = await open.begin(startAt(NOON - 5000, "early"), await open.read());
  expect(index).toBe(NOON + 1);
  expect((await open.read()).started.map(({ start }) => start.run)).toEqual([String(NOON), "early"]);
});

test("it is kept short, and the last success stays", async () => {
  const { open } = await history("success", ...Array.from({ length: 425 }, () => "failure" as const));
  await open.trim(await open.read());
  const past = await open.read();
  expect(past.started).toHaveLength(401);
  expect(past.runs).toHaveLength(401);
  expect(summarize(past).lastSuccess).toBeDefined();
});

test("without the right to remove, it grows", async () => {
  const { store, open } = await history(...Array.from({ length: 430 }, () => "failure" as const));
  const past = await open.read();
  store.connection.call = () => Promise.reject(new ReplyError("NOPERM not you"));
  await open.trim(past);
  store.connection.call = () => Promise.reject(new ReplyError("ERR broken"));
  await expect(open.trim(past)).rejects.toThrow("broken");
});

test("what others wrote under its keys is passed over", async () => {
  const { store, open } = await history("success");
  store.lists.get("scheduler:web1:etc:runs")!.set(7, "no JSON");
  store.lists.get("scheduler:web1:etc:runs")!.set(8, "12");
  expect((await open.read()).runs).toHaveLength(1);
});

test("a run without an end gets one when its process is gone, and not before", async () => {
  const { store, open } = await history("success", undefined);
  const alive = { ...startAt(NOON + 9000, "alive"), process: processIdentity() };
  await open.begin(alive, await open.read());
  const cut = await recoverRuns(store.connection, open, NOON + 60_000);
  expect(cut).toMatchObject([{ run: String(NOON + 1000), outcome: "interrupted", seconds: 59 }]);
  expect(summarize(await open.read()).open.map(({ start }) => start.run)).toEqual(["alive"]);
});

test("a process is known by more than its number", () => {
  const own = processIdentity();
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, ticks: "1" })).toBe(false);
  expect(isAlive({ ...own, boot: "another" })).toBe(false);
  expect(isAlive({ ...own, pid: 2 ** 22 + 1 })).toBe(false);
});

test("records wait while the store takes nothing, and are written once", async () => {
  const pending = pendingRecords(directory, "/store", "web1", "etc");
  const { open } = await history("success");
  const [early, late] = [startAt(NOON + 1000), startAt(NOON + 2000)];
  const index = await open.begin(early, await open.read());
  pending.add({ start: early, index, record: { ...interruptedRun(early, NOON), outcome: "failure" } });
  pending.add({ start: late, index: null, record: { ...interruptedRun(late, NOON), outcome: "failure" } });
  const [file] = readdirSync(join(directory, "scheduler"));
  writeFileSync(join(directory, "scheduler", file!), '{"cut', { flag: "a" });
  expect(pendingRecords(directory, "/store", "web1", "other").list()).toEqual([]);
  expect(await pending.deliver(open)).toBe(2);
  expect(await pending.deliver(open)).toBe(0);
  const past = await open.read();
  expect(past.runs.map(({ record }) => record.outcome)).toEqual(["success", "failure", "failure"]);
  expect(past.runs.map(({ index: at }) => at)).toEqual(past.started.map(({ index: at }) => at));
});

test("an outage of any length takes bounded space", () => {
  const pending = pendingRecords(directory, "/store", "web1", "etc");
  const start = startAt(NOON);
  const record = {
    ...interruptedRun(start, NOON),
    error: { step: "x", code: "X", message: "m".repeat(9000) },
  };
  for (let i = 0; i < 300; i++) pending.add({ start, index: i, record });
  expect(pending.list().at(-1)?.index).toBe(299);
  expect(pending.list().length).toBeGreaterThan(50);
  const [file] = readdirSync(join(directory, "scheduler"));
  expect(statSync(join(directory, "scheduler", file!)).size).toBeLessThan(1_100_000);
});
