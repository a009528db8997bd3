/** The backend `remote` keeps the contract over a server: with memory and with packs behind it, and over connections that are cut. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backend, createMemoryIndex, openBackend } from "@datadb/backends";
import { backendSuite, createRandom, runSeed, sampleRecord, sampleRecords } from "@datadb/backends/suite";
import type { HashAlgorithm, RecordKind } from "@datadb/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openServer } from "../listeners/open-server.ts";
import { openDatabase } from "../store/open-database.ts";
import { openTestServer, type TestServer } from "../testing/test-server.ts";

const STORE_ID = Buffer.alloc(16, 7);
const random = createRandom(runSeed());
const servers: Record<string, TestServer> = {};
const BEHIND = {
  memory: "records: { memory: {} }",
  blobsfile: "records: { blobsfile: { path: packs, maxPackBytes: 65536 } }",
};

beforeAll(async () => {
  for (const [name, config] of Object.entries(BEHIND)) servers[name] = await openTestServer(config);
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server.close();
});

interface Place {
  url: string;
  namespace: string;
  hash?: HashAlgorithm;
  storeId?: Buffer;
  recovered?: (kind: RecordKind, names: readonly Buffer[]) => void;
  retrySeconds?: number;
  /** More options of the configuration. */
  more?: Record<string, string>;
}

function open({ url, namespace, hash = "sha256", storeId = STORE_ID, ...rest }: Place): Promise<Backend> {
  const { recovered, retrySeconds = 60, more } = rest;
  return openBackend(
    { remote: { url, namespace, "retry-seconds": retrySeconds, ...more } },
    {
      ...{ storeId, hash, directory: "/nowhere", warn: () => {}, index: () => createMemoryIndex() },
      ...(recovered ? { recovered } : {}),
    },
  );
}

const freshName = (): string => randomBytes(8).toString("hex");

for (const name of ["memory", "blobsfile"]) {
  backendSuite(`remote over a server with ${name}`, async (hash) => {
    const place = { url: `redis://127.0.0.1:${servers[name]!.port}`, namespace: freshName(), hash };
    return { backend: await open(place), reopen: () => open(place) };
  });
}

/** Ends each connection after some bytes, in the middle of whatever it is. */
async function cutting(port: number): Promise<{ url: string; cuts(): number; close(): void }> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    let left = 2000 + random.integer(60_000);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => to.destroy());
      from.on("data", (bytes: Buffer) => {
        to.write(bytes.subarray(0, Math.max(0, left)));
        left -= bytes.length;
        if (left > 0) return;
        cuts += 1;
        near.destroySoon();
        far.destroySoon();
      });
    }
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  const { port: own } = proxy.address() as { port: number };
  return {
    url: `redis://127.0.0.1:${own}`,
    cuts: () => cuts,
    close() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

test("connections that are cut are replaced, and nothing is lost or doubled", async () => {
  const proxy = await cutting(servers["blobsfile"]!.port);
  const backend = await open({ url: proxy.url, namespace: freshName() });
  const records = sampleRecords(random, "sha256", 150, { kind: "data", payloadLength: 1500 });
  for (let at = 0; at < records.length; at += 10) await backend.putMany(records.slice(at, at + 10));
  await backend.flush();
  const names = records.map(({ name }) => name);
  for (let at = 0; at < names.length; at += 15)
    expect(await backend.getMany("data", names.slice(at, at + 15))).toEqual(records.slice(at, at + 15));
  const listed: string[] = [];
  for await (const { records: some } of backend.list("data"))
    listed.push(...some.map((one) => one.name.toString("hex")));
  expect(listed.toSorted()).toEqual(names.map((name) => name.toString("hex")).sort());
  expect(proxy.cuts()).toBeGreaterThan(3);
  await backend.close();
  proxy.close();
});

test("records longer than any argument travel in pieces", async () => {
  const place = { url: `redis://127.0.0.1:${servers["blobsfile"]!.port}`, namespace: freshName() };
  const backend = await open(place);
  const record = sampleRecord(random, "sha256", { kind: "log", encoding: "raw", payloadLength: 1 });
  record.payload = Buffer.alloc(40 << 20, random.bytes(1000));
  record.length = record.payload.length;
  await backend.putMany([record]);
  await backend.flush();
  const [found] = await backend.getMany("log", [record.name]);
  expect(found?.payload.equals(record.payload)).toBe(true);
  await backend.close();
});

describe("one namespace", () => {
  const place = (): Place => ({
    url: `redis://127.0.0.1:${servers["memory"]!.port}`,
    namespace: freshName(),
  });

  test("has one holder at a time, and belongs to one store", async () => {
    const own = place();
    const first = await open(own);
    await expect(open({ ...own, retrySeconds: 0 })).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringContaining("another process uses the namespace"),
    });
    await expect(open({ ...own, storeId: Buffer.alloc(16, 8), retrySeconds: 0 })).rejects.toMatchObject({
      code: "WRONG_STORE",
    });
    await first.close();
    await (await open(own)).close();
  });

  test.each(["", "../x", "A", "a/b", "x".repeat(65)])("cannot be called %j", async (namespace) => {
    await expect(open({ ...place(), namespace, retrySeconds: 0 })).rejects.toMatchObject({
      code: namespace === "" ? "USAGE" : "BACKEND_UNAVAILABLE",
    });
  });

  test("a server that is not there is unavailable, and says where", async () => {
    await expect(
      open({ ...place(), url: "redis://u:secret@127.0.0.1:1", retrySeconds: 0 }),
    ).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringMatching(/^(?!.*secret).*127\.0\.0\.1:1/),
    });
    await expect(open({ ...place(), url: "http://x" })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("a server that is started again", () => {
  /** The same store on the same port; `lose` is called while nothing runs. */
  async function restart(server: TestServer, lose: () => void = () => {}): Promise<void> {
    const { port } = server;
    await server.server.close();
    await server.database.close();
    lose();
    const database = await openDatabase(server.directory, { warn: () => {} });
    Object.assign(server, { database, server: await openServer(database, { port, httpPort: null }) });
  }

  test("loses nothing that it still has, and the flush that follows says what it lost", async () => {
    const server = await openTestServer(BEHIND.memory);
    const backend = await open({ url: `redis://127.0.0.1:${server.port}`, namespace: "lossy" });
    const [before, after] = sampleRecords(random, "sha256", 2, { kind: "node" });
    await backend.putMany([before!]);
    await restart(server);
    expect([...(await backend.hasMany("node", [before!.name]))]).toEqual([0]);
    await expect(backend.flush()).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringContaining("has lost some of 1 records"),
    });
    expect(backend.counters()["records-lost"]).toBe(1);
    await backend.putMany([before!, after!]);
    await backend.flush();
    expect(await backend.getMany("node", [before!.name, after!.name])).toEqual([before, after]);
    await backend.close();
    await server.close();
  });

  test("keeps what was accepted when it ends in order", async () => {
    const server = await openTestServer(BEHIND.blobsfile);
    const backend = await open({ url: `redis://127.0.0.1:${server.port}`, namespace: "kept" });
    const records = sampleRecords(random, "sha256", 20, { kind: "data" });
    await backend.putMany(records);
    await restart(server);
    await backend.flush();
    expect(
      await backend.getMany(
        "data",
        records.map(({ name }) => name),
      ),
    ).toEqual(records);
    await backend.close();
    await server.close();
  });

  test("after a crash tells the store what had not been promised, until it has ended well", async () => {
    const server = await openTestServer(BEHIND.blobsfile);
    const namespace = freshName();
    const backend = await open({ url: `redis://127.0.0.1:${server.port}`, namespace });
    const [flushed, accepted] = sampleRecords(random, "sha256", 2, { kind: "node" });
    await backend.putMany([flushed!]);
    await backend.flush();
    await backend.putMany([accepted!]);
    // What a kill -9 leaves: files as they are, nothing closed.
    const crashed = mkdtempSync(join(tmpdir(), "datadb-remote-"));
    cpSync(server.directory, crashed, { recursive: true });
    await backend.close();
    await server.close();
    const database = await openDatabase(crashed, { warn: () => {} });
    const again = await openServer(database, { port: 0, httpPort: null });
    const told: string[][] = [];
    for (let round = 0; round < 2; round++) {
      const names: string[] = [];
      const recovered = (kind: RecordKind, some: readonly Buffer[]): void =>
        void names.push(...some.map((name) => `${kind} ${name.toString("hex")}`));
      const reopened = await open({ url: `redis://127.0.0.1:${again.port}`, namespace, recovered });
      expect(await reopened.getMany("node", [flushed!.name, accepted!.name])).toEqual([flushed, accepted]);
      await reopened.close();
      told.push(names);
    }
    expect(told).toEqual([[`node ${accepted!.name.toString("hex")}`], []]);
    await again.close();
    await database.close();
    rmSync(crashed, { recursive: true });
  });
});

test("the right append keeps, and cannot remove; a wrong password says so", async () => {
  process.env["DATADB_TEST_PASSWORD"] = "a secret";
  const server = await openTestServer(
    'users: { writer: { password: "env:DATADB_TEST_PASSWORD", right: append }, reader: { password: "env:DATADB_TEST_PASSWORD", right: read } }',
  );
  const place = { url: `redis://127.0.0.1:${server.port}`, namespace: freshName(), retrySeconds: 0 };
  const as = (user: string, password = "a secret") => open({ ...place, more: { user, password } });
  const backend = await as("writer");
  const [record] = sampleRecords(random, "sha256", 1, { kind: "data" });
  await backend.putMany([record!]);
  await backend.flush();
  for (const refused of [
    () => backend.removeMany("data", [record!.name]),
    () => backend.replaceMany("data", [record!]),
    () => backend.distrustMany("data", [record!.name]),
    () => backend.compact({ unused: 0 }),
  ])
    await expect(refused()).rejects.toMatchObject({ code: "READ_ONLY" });
  expect(await backend.getMany("data", [record!.name])).toEqual([record]);
  await backend.close();
  await expect(as("reader")).rejects.toMatchObject({ code: "READ_ONLY" });
  await expect(as("writer", "wrong")).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("invalid username-password"),
  });
  await server.close();
  delete process.env["DATADB_TEST_PASSWORD"];
});

test("over TLS, only with a certificate that is trusted", async ({ skip }) => {
  const directory = mkdtempSync(join(tmpdir(), "datadb-remote-tls-"));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const made = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -keyout ${key} -out ${certificate} -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1`;
  try {
    execFileSync("openssl", made.split(" "), { stdio: "ignore" });
  } catch {
    skip(true, "needs openssl in PATH");
  }
  const server = await openTestServer(`tls: { certificate: ${certificate}, key: ${key} }`);
  const place = { url: `rediss://127.0.0.1:${server.port}`, namespace: freshName(), retrySeconds: 0 };
  await expect(open(place)).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  const backend = await open({ ...place, more: { ca: readFileSync(certificate, "utf8") } });
  const [record] = sampleRecords(random, "sha256", 1, { kind: "data" });
  await backend.putMany([record!]);
  expect(await backend.getMany("data", [record!.name])).toEqual([record]);
  await backend.close();
  await server.close();
  rmSync(directory, { recursive: true });
});
