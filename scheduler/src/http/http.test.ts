import { afterEach, expect, test } from "vitest";
import { createDaemon } from "../daemon/create-daemon.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { memoryLists } from "../testing/memory-lists.ts";
import { testConfig } from "../testing/test-config.ts";
import { type HttpListener, openHttp } from "./open-http.ts";

let http: HttpListener;
afterEach(() => http.close());

async function open(password?: string): Promise<{ daemon: Daemon; url: string; jump(ms: number): void }> {
  const clock = fakeClock(Date.UTC(2026, 5, 1));
  const daemon = createDaemon({
    config: testConfig("store: /s\njobs: [{ name: docs, source: /docs, cron: '0 2 * * *', within: 1h }]"),
    open: () => memoryLists().open(),
    startRun: () => ({ ended: new Promise(() => undefined), stop: () => undefined }),
    clock,
    environment: {},
    stateDirectory: "/nonexistent",
  });
  // What a daemon knows after it has read its histories.
  for (const state of daemon.states()) state.unread = undefined;
  http = await openHttp(
    daemon,
    { host: "127.0.0.1", port: 0, password, explicit: true },
    { PASSWORD: "secret" },
  );
  return { daemon, url: `http://127.0.0.1:${http.port}`, jump: clock.jump };
}

test("health, metrics and status follow the jobs", async () => {
  const { url, jump } = await open();
  expect(await (await fetch(`${url}/healthz`)).text()).toBe("ok\n");
  jump(3_600_001);
  const sick = await fetch(`${url}/healthz`);
  expect([sick.status, await sick.text()]).toEqual([
    503,
    "docs: overdue: no success since it is known, 1h1ms\n",
  ]);
  expect((await fetch(`${url}/healthz`, { method: "HEAD" })).status).toBe(503);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('datadb_scheduler_job_healthy{job="docs"} 0\n');
  for (const line of metrics.trimEnd().split("\n"))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [\d.e+-]+)$/);
  expect(await (await fetch(`${url}/status`)).json()).toMatchObject([
    { job: "docs", healthy: false, last: null },
  ]);
  expect((await fetch(`${url}/healthz`, { method: "POST" })).status).toBe(405);
  expect((await fetch(`${url}/other`)).status).toBe(404);
});

test("with a password only health is told to everybody, and not why", async () => {
  const { url, jump } = await open("env:PASSWORD");
  jump(3_600_001);
  expect(await (await fetch(`${url}/healthz`)).text()).toBe("unhealthy\n");
  const refused = await fetch(`${url}/metrics`);
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
    401,
    'Basic realm="datadb scheduler"',
  ]);
  const as = (password: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`any:${password}`).toString("base64")}`,
  });
  expect((await fetch(`${url}/debug/monitor`, { headers: as("wrong") })).status).toBe(401);
  expect((await fetch(`${url}/metrics`, { headers: as("secret") })).status).toBe(200);
});

test("the stream begins with health and tells what happens", async () => {
  const { url, daemon } = await open();
  const response = await fetch(`${url}/debug/monitor`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  const until = async (text: string): Promise<void> => {
    while (!seen.includes(text)) seen += (await reader.read()).value;
  };
  await until('data: {"type":"health","healthy":true,"unhealthy":{}}\n\n');
  daemon.reject("line 3: wrong");
  await until('data: {"type":"rejected","message":"line 3: wrong"}\n\n');
  await reader.cancel();
});
