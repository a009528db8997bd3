import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RawClient } from "../testing/raw-client.ts";
import { openTestServer, type TestServer } from "../testing/test-server.ts";
import { metricsText } from "./metrics-text.ts";

let server: TestServer;
let client: RawClient;

beforeAll(async () => {
  server = await openTestServer();
  client = await server.client();
});
afterAll(() => server.close());

interface Reader {
  text(): string;
  close(): void;
}

async function readMonitor(url: string): Promise<Reader> {
  const abort = new AbortController();
  const response = await fetch(`${url}/debug/monitor`, { signal: abort.signal });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  void (async () => {
    for await (const part of response.body as ReadableStream<Uint8Array>)
      text += Buffer.from(part).toString("latin1");
  })().catch(() => undefined);
  return { text: () => text, close: () => abort.abort() };
}

test("/debug/monitor tells commands as the origin does, without secrets or content", async () => {
  const reader = await readMonitor(server.httpUrl);
  await client.pipeline(
    ["HGETALL", "2c07"],
    ["bput", "content"],
    ["AUTH", "u", "hunter2"],
    ["HELLO", "3", "AUTH", "u", "hunter2"],
    ["HELLO", "2"],
    ["SET", "k", "line\n\ndata: forged"],
  );
  await expect.poll(reader.text).toContain("forged");
  const address = `127.0.0.1:${client.socket.localPort}`;
  expect(reader.text()).toContain(`data: hgetall command  with args [2c07] from client: ${address}\n\n`);
  expect(reader.text()).toContain(`data: bput command  with args [(blob len:7)] from client: ${address}\n\n`);
  expect(reader.text()).toContain(`data: auth command  with args [(redacted)] from client: ${address}\n\n`);
  expect(reader.text()).toContain("[3 AUTH (redacted) (redacted)]");
  expect(reader.text()).toContain("[k line\\x0a\\x0adata: forged]");
  expect(reader.text()).not.toContain("hunter2");
  reader.close();
  const vars = async () =>
    (await (await fetch(`${server.httpUrl}/debug/vars`)).json()) as Record<string, unknown>;
  await expect.poll(async () => (await vars())["server-active-monitor-client"]).toBe(0);
});

test("a reader that does not read loses lines, is told, and slows nobody", async () => {
  const dead = connect(Number(new URL(server.httpUrl).port), "127.0.0.1");
  dead.write("GET /debug/monitor HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  dead.pause();
  await expect.poll(async () => client.command("INFO", "clients")).toContain("monitor_clients:1");
  const commands = Array.from({ length: 10_000 }, (_none, i) => ["GET", `${"x".repeat(200)}${i}`]);
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 4; round++) await client.pipeline(...commands);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  let text = "";
  dead.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  dead.resume();
  await expect.poll(() => text, { timeout: 10_000 }).toMatch(/^: \d+ lines lost: this reader is too slow$/m);
  dead.destroy();
});

test("/debug/vars has the origin's names", async () => {
  await client.command("BPUT", "counted");
  const vars = (await (await fetch(`${server.httpUrl}/debug/vars`)).json()) as Record<
    string,
    Record<string, number>
  >;
  for (const type of ["blobsfile", "encrypt", "glacier", "mirror"]) {
    for (const name of ["blobs-downloaded", "blobs-uploaded", "bytes-downloaded", "bytes-uploaded"]) {
      expect(vars[`${type}-${name}`], `${type}-${name}`).toBeTypeOf("object");
    }
  }
  const [directory, uploaded] = Object.entries(vars["blobsfile-blobs-uploaded"]!)[0]!;
  expect(directory).toContain(server.directory);
  expect(uploaded).toBeGreaterThan(0);
  expect(vars["server-command-stats"]!["bput"]).toBeGreaterThan(0);
  expect(vars["server-started-at"]).toMatch(/^\d\d [A-Z][a-z]{2} \d\d \d\d:\d\d \+0000$/);
  expect(vars["server-total-connections-received"]).toBeGreaterThan(0);
  expect(vars["memstats"]!["rss"]).toBeGreaterThan(0);
  expect(Array.isArray(vars["cmdline"])).toBe(true);
});

test("/metrics and /healthz", async () => {
  const metrics = await fetch(`${server.httpUrl}/metrics`);
  expect(metrics.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await metrics.text();
  expect(text).toMatch(/^datadb_commands_total\{command="bput"\} \d+$/m);
  expect(text).toMatch(/^datadb_backend_blobs_uploaded\{backend="blobsfile .*"\} \d+$/m);
  for (const line of text.trimEnd().split("\n"))
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{.*\})? [\d.e+-]+)$/);
  const health = await fetch(`${server.httpUrl}/healthz`);
  expect([health.status, await health.text()]).toEqual([200, "ok\n"]);
  expect((await fetch(`${server.httpUrl}/nothing`)).status).toBe(404);
});

test("pages of other hosts cannot read through a browser", async () => {
  const socket = connect(Number(new URL(server.httpUrl).port), "127.0.0.1");
  socket.write("GET /debug/vars HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  expect(String(Buffer.concat(parts))).toMatch(
    /^HTTP\/1\.1 403 [\s\S]*the host "evil.example" is not this machine/,
  );
});

test("with users everything but /healthz needs one", async () => {
  process.env["DATADB_HTTP_PASSWORD"] = "pw";
  const config =
    'users: { r: { password: "env:DATADB_HTTP_PASSWORD", right: read }, a: { password: "env:DATADB_HTTP_PASSWORD", right: admin } }';
  const closed = await openTestServer(config);
  const status = async (path: string, user?: string): Promise<number> => {
    const headers =
      user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
    const abort = new AbortController();
    const response = await fetch(`${closed.httpUrl}${path}`, { headers, signal: abort.signal });
    abort.abort();
    return response.status;
  };
  expect(await status("/healthz")).toBe(200);
  expect(await status("/metrics")).toBe(401);
  expect(await status("/metrics", "r:wrong")).toBe(401);
  expect(await status("/metrics", "r:pw")).toBe(200);
  expect(await status("/debug/vars", "r:pw")).toBe(200);
  expect(await status("/debug/monitor", "r:pw")).toBe(403);
  expect(await status("/debug/monitor", "a:pw")).toBe(200);
  await closed.close();
});

test("beyond loopback neither listener starts without users", async () => {
  await expect(openTestServer("listeners: { host: 0.0.0.0 }")).rejects.toThrow(
    /the listener on 0\.0\.0\.0:0 would be open to everybody/,
  );
  await expect(openTestServer("http: { host: '::' }")).rejects.toThrow(
    /the HTTP listener on :::0 would be open/,
  );
  await expect(openTestServer("", { host: "192.168.0.1" })).rejects.toThrow(/there are no users/);
});

test("mistakes in the configuration name their key", async () => {
  await expect(openTestServer("listeners: { ports: 1 }")).rejects.toThrow(
    "listeners.ports in config.yaml is not known",
  );
  await expect(openTestServer("limits: { clients: 0 }")).rejects.toThrow(
    "limits.clients in config.yaml is no whole number from 1",
  );
  await expect(openTestServer("users: { a: { password: clear, right: read } }")).rejects.toThrow(
    "users.a.password is written in clear",
  );
  await expect(openTestServer("tls: { certificate: /nowhere/x, key: /nowhere/y }")).rejects.toThrow(
    "tls.certificate: /nowhere/x cannot be read",
  );
});

test("metrics text escapes labels", () => {
  const metric = {
    name: "m",
    help: "h",
    type: "gauge" as const,
    values: [{ labels: { a: 'x"\\\n' }, value: 1 }],
  };
  expect(metricsText([metric])).toBe('# HELP m h\n# TYPE m gauge\nm{a="x\\"\\\\\\n"} 1\n');
});
