/** One run with real hooks, receivers and locks, on a store of lists: what it does when things go wrong. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiskFullError } from "@datadb/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import type { SchedulerConfig } from "../config/scheduler-config.ts";
import type { RunRecord } from "../history/run-record.ts";
import { type MemoryLists, memoryLists } from "../testing/memory-lists.ts";
import { holdLock, lockReleased, tryLock } from "./hold-lock.ts";
import { runHook } from "./run-hook.ts";
import { type RunRequest, runJob } from "./run-job.ts";

let directory: string;
let store: MemoryLists;
let checks: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb-run-"));
  mkdirSync(join(directory, "state"));
  store = memoryLists();
  checks = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A check is the smallest task: `CHECK` fails so often before it succeeds. */
function checkFails(times: number, error: Error = new Error("it broke")): void {
  const { call } = store.connection;
  store.connection.call = async (...args) => {
    if (args[0] !== "CHECK") return call(...args);
    checks++;
    if (checks <= times) throw error;
    return ["findings", 0];
  };
}

function config(job: string, more = ""): SchedulerConfig {
  const text = `store: ${directory}/store\nhost: h\n${more}jobs:\n  - { name: j, check: true, every: 1h, ${job} }\n`;
  return parseConfig(text, "s.yaml", { environment: {}, directory, checkSecrets: true });
}

function run(
  settings: SchedulerConfig,
  request: RunRequest = { trigger: "manual", planned: null },
  signal?: AbortSignal,
) {
  return runJob(settings, settings.jobs[0]!, request, {
    open: async () => {
      const { connection } = store;
      return { ...(await store.open()), call: (...args) => connection.call(...args) };
    },
    environment: process.env,
    stateDirectory: join(directory, "state"),
    signal: signal ?? new AbortController().signal,
    note: () => undefined,
    noticePauseMs: 1,
  });
}

const records = (): RunRecord[] =>
  [...(store.lists.get("scheduler:h:j:runs")?.values() ?? [])].map((text) => JSON.parse(text) as RunRecord);
const trace = (): string => readFileSync(join(directory, "trace"), "utf8");
const say = (what: string): string => `echo "${what} $DATADB_OUTCOME" >> trace`;

test("attempts are repeated with pauses, and what it took is in the history", async () => {
  checkFails(2);
  const record = await run(config("retries: { times: 3, pause: 10ms }"));
  expect(record).toMatchObject({ outcome: "success", attempts: 3 });
  expect(records()).toEqual([record]);
});

test("hooks come in their order, and know what came of it", async () => {
  checkFails(1);
  const hooks = `hooks: { before: ${JSON.stringify(say("before"))}, after: ${JSON.stringify(say("after"))}, onFailure: ${JSON.stringify(say("onFailure"))} }`;
  expect(await run(config(hooks))).toMatchObject({
    outcome: "failure",
    error: { step: "check", message: "it broke" },
  });
  expect(await run(config(hooks))).toMatchObject({ outcome: "success" });
  expect(trace()).toBe("before \nafter failure\nonFailure failure\nbefore \nafter success\n");
});

test("a before that fails ends the run before it began: nothing is there to tidy up", async () => {
  checkFails(0);
  const record = await run(
    config(
      `hooks: { before: exit 3, after: ${JSON.stringify(say("after"))}, onFailure: ${JSON.stringify(say("f"))} }`,
    ),
  );
  expect(record).toMatchObject({ outcome: "failure", error: { step: "before", code: "COMMAND_FAILED" } });
  expect(checks).toBe(0);
  expect(trace()).toBe("f failure\n");
});

test("an after that fails makes the run a failure", async () => {
  checkFails(0);
  expect(await run(config("hooks: { after: exit 1 }"))).toMatchObject({
    outcome: "failure",
    error: { step: "after" },
  });
});

test("the deadline ends everything, hooks with what they started included", async () => {
  const started = performance.now();
  const record = await run(config("deadline: 1s, retries: 5, hooks: { before: sleep 100 & sleep 100 }"));
  expect(record).toMatchObject({
    outcome: "failure",
    error: { step: "deadline", code: "DEADLINE" },
    attempts: 1,
  });
  expect(performance.now() - started).toBeLessThan(20_000);
});

test("a hook that takes too long is ended", async () => {
  const place = { environment: process.env, directory };
  await expect(
    runHook("before", { command: "echo words; sleep 100", timeoutMs: 200 }, place),
  ).rejects.toThrow("the hook before did not end within 0.2 s: words");
});

test("an interrupted run says so", async () => {
  const abort = new AbortController();
  const running = run(config("hooks: { before: touch begun; sleep 100 }"), undefined, abort.signal);
  await expect.poll(() => records().length + (store.lists.has("scheduler:h:j:started") ? 1 : 0)).toBe(1);
  abort.abort();
  expect(await running).toMatchObject({ outcome: "interrupted" });
  expect(records()).toMatchObject([{ outcome: "interrupted" }]);
});

test("a due time that is taken care of is not run again, unless that run was cut", async () => {
  checkFails(0);
  const planned = Date.UTC(2026, 5, 1);
  const scheduled: RunRequest = { trigger: "schedule", planned };
  expect(await run(config("jitter: 0s"), scheduled)).toMatchObject({ planned: "2026-06-01T00:00:00.000Z" });
  expect(await run(config("jitter: 0s"), scheduled)).toBeNull();
  expect(checks).toBe(1);
});

test("no job runs twice at a time", async () => {
  const settings = config("hooks: { before: echo begin >> trace; sleep 0.3; echo end >> trace }");
  checkFails(0);
  await Promise.all([run(settings), run(settings), run(settings)]);
  expect(trace()).toBe("begin\nend\n".repeat(3));
});

test("a store that takes nothing loses no record", async () => {
  store.failure = new DiskFullError("the disk is full");
  const settings = config("jitter: 0s");
  expect(await run(settings)).toMatchObject({ outcome: "failure", error: { code: "DISK_FULL" } });
  expect(records()).toEqual([]);
  store.failure = undefined;
  checkFails(0);
  await run(settings);
  expect(records().map(({ outcome }) => outcome)).toEqual(["failure", "success"]);
});

test("services that fail are tried again, and told of", async () => {
  checkFails(0);
  const paths: string[] = [];
  const server: Server = createServer((request, response) => {
    paths.push(request.url!);
    response.writeHead(request.url === "/bad" ? 500 : 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const record = await run(
      config(`notify: { ping: { success: "${url}/bad" }, webhook: { url: "${url}/hook", on: failure } }`),
    );
    expect(record).toMatchObject({ outcome: "success", unnotified: [`ping 1: ${url}: answered 500`] });
    expect(paths).toEqual(["/bad", "/bad", "/bad", "/hook"]);
  } finally {
    server.close();
  }
});

test("a lock is free the moment it is given back, and waiting for it can be ended", async () => {
  const words = ["test", directory];
  const release = (await tryLock(...words))!;
  expect(await tryLock(...words)).toBeNull();
  const abort = new AbortController();
  const given = holdLock(words, { signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  const free = lockReleased(words);
  await release();
  await free;
  await (await holdLock(words))();
});
