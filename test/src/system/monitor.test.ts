/** The monitor, over HTTP: a running snapshot's commands as they come, and what /debug/vars counts of them. */
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startServer } from "../harness/server-process.ts";
import { makeSmallStore } from "../harness/small-store.ts";
import { waitFor } from "../harness/wait-for.ts";

test("shows a running snapshot's commands; a dead reader does not slow the server", async () => {
  const small = await makeSmallStore("monitor");
  const server = await startServer(small.world, join(small.directory, "served"));
  const address = `http://127.0.0.1:${server.httpPort}`;
  const abort = new AbortController();
  const response = await fetch(`${address}/debug/monitor`, { signal: abort.signal });
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  let seen = "";
  const reading = (async () => {
    for await (const part of response.body as ReadableStream<Uint8Array>)
      seen += Buffer.from(part).toString();
  })().catch(() => undefined);
  // A reader that never reads.
  const dead = connect(server.httpPort, "127.0.0.1");
  dead.write("GET /debug/monitor HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  dead.pause();
  await waitFor("two monitors", async () => (await variables(address))["server-active-monitor-client"] === 2);

  await small.world.summary(["snapshot", "--server", server.url, small.source]);
  await waitFor("the commit in the monitor", () => /^data: txcommit command/m.test(seen));
  expect(seen).toMatch(/^data: bput command {2}with args \[.*\] from client: 127\.0\.0\.1:\d+$/m);
  expect(seen).toMatch(/^data: backup command {2}with args \[.*photos.*\] from client: 127\.0\.0\.1:\d+$/m);
  const counted = await variables(address);
  expect(counted["server-command-stats"]).toMatchObject({ txcommit: expect.any(Number), backup: 1 });
  const uploaded = counted["blobsfile-blobs-uploaded"] as Record<string, number>;
  expect(Object.values(uploaded).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(40);
  abort.abort();
  dead.destroy();
  await reading;
  await waitFor("no monitors", async () => (await variables(address))["server-active-monitor-client"] === 0);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
  expect(await (await fetch(`${address}/metrics`)).text()).toMatch(/^# (HELP|TYPE) /m);
  expect(await server.stop()).toBe(0);
});

async function variables(address: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${address}/debug/vars`)).json()) as Record<string, unknown>;
}
