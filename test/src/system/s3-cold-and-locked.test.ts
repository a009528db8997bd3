// What a bucket can do by itself: keep data packs cold, and keep versions that nobody can delete.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createMemoryIndex, openBackend } from "@datadb/backends";
import { createRandom, sampleRecords } from "@datadb/backends/suite";
import { afterAll, expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { seed } from "../harness/random.ts";
import { startS3Server } from "../harness/s3-server/start-s3-server.ts";
import { fillSource, openS3World } from "../harness/s3-world.ts";
import { scratch } from "../harness/scratch.ts";

const HOUR_MS = 3_600_000;

async function openCold() {
  let now = Date.now();
  const server = await startS3Server({ buckets: ["cold"], clock: () => now });
  afterAll(() => server.close());
  const { accessKeyId, secretAccessKey } = server.credentials;
  const place = { bucket: "cold", endpoint: server.endpoint, accessKeyId, secretAccessKey };
  const s3 = {
    ...place,
    storageClass: "DEEP_ARCHIVE",
    packBytes: 8192,
    retryDelay: 5,
    cache: 0,
    restoreDays: 2,
  };
  const storeId = randomBytes(16);
  const open = (index = createMemoryIndex()) =>
    openBackend(
      { s3 },
      { storeId, hash: "sha256", directory: scratch("cold"), index: () => index, warn: () => {} },
    );
  return { server, open, pass: (hours: number) => (now += hours * HOUR_MS) };
}

test("only the packs that are needed are restored, and read when they are there", async () => {
  const { server, open, pass } = await openCold();
  const backend = await open();
  expect(backend.capabilities.cold).toBe(true);
  const random = createRandom(seed);
  const data = sampleRecords(random, "sha256", 60, { kind: "data", encoding: "raw", payloadLength: 1000 });
  const nodes = sampleRecords(random, "sha256", 5, { kind: "node", encoding: "raw" });
  await backend.putMany([...data, ...nodes]);
  await backend.flush();
  const [one, ...others] = data.map(({ name }) => name);
  expect(await backend.getMany("node", [nodes[0]!.name])).toEqual([nodes[0]]);
  await expect(backend.getMany("data", [one!])).rejects.toMatchObject({ code: "COLD_DATA" });

  const { cold } = backend;
  const plan = await cold!.thaw([one!], "Bulk", false);
  expect(plan).toMatchObject({ records: 1, archives: 1, waiting: 0 });
  expect(plan.bytes).toBeLessThan(20_000);
  expect(server.counts()["RestoreObject"]).toBeUndefined();
  expect(await cold!.thaw([one!], "Bulk", true)).toMatchObject({ archives: 1, waiting: 1 });
  expect(await cold!.thaw([one!], "Bulk", true)).toMatchObject({ archives: 1, waiting: 1 });
  expect(server.counts()["RestoreObject"]?.requests).toBe(1);
  expect((await cold!.thaw(others, "Bulk", false)).archives).toBeGreaterThan(3);
  pass(48);
  expect(await cold!.thaw([one!], "Bulk", true)).toMatchObject({ records: 0, archives: 0 });
  expect(await backend.getMany("data", [one!])).toEqual([data[0]]);
  await expect(backend.getMany("data", others)).rejects.toMatchObject({ code: "COLD_DATA" });
  await backend.close();
  pass(48);
  // From the bucket alone: the tables of cold packs lie beside them.
  const again = await open();
  expect([...(await again.hasMany("data", [one!, ...others]))]).not.toContain(0);
  await expect(again.getMany("data", [one!])).rejects.toMatchObject({ code: "COLD_DATA" });
  expect((await again.reindex()).records).toBe(65);
  await again.close();
});

test("a tier that the class does not have is refused clearly", async () => {
  const { open } = await openCold();
  const backend = await open();
  const [record] = sampleRecords(createRandom(seed), "sha256", 1, { kind: "data" });
  await backend.putMany([record!]);
  await backend.flush();
  await expect(backend.cold!.thaw([record!.name], "Expedited", true)).rejects.toThrow(/Expedited/);
  await backend.close();
});

test("a restore that meets cold data says what to do; listing and checking need none of it", async () => {
  let now = Date.now();
  const s3 = await openS3World("s3-cold", { storageClass: "GLACIER", cache: 0 }, { clock: () => now });
  const { world, on, source, directory, server } = s3;
  fillSource(s3, 12);
  await s3.init();
  await world.summary(on("snapshot", source));
  const target = join(directory, "restored");
  const refused = await world.run(on("restore", "photos", target, "--json"));
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).toContain("cold storage class");
  expect((await world.records(on("ls"))).filter(({ type }) => type === "backup")).toHaveLength(1);
  expect((await world.summary(on("check")))["findings"]).toBe(0);
  // What it takes is said first, asked for once, and there hours later.
  const ask = async (...words: string[]) =>
    (await world.run(on("glacier", "restore", "photos", ...words))).code;
  expect(await ask("--dry-run")).toBe(0);
  expect(server.counts()["RestoreObject"]).toBeUndefined();
  expect(await ask("--tier", "bulk", "--yes")).toBe(3);
  const asked = server.counts()["RestoreObject"]?.requests;
  expect(asked).toBeGreaterThan(0);
  // restore itself says the same, asks for nothing twice, and begins nothing before all of it is there.
  const again = join(directory, "again");
  const early = await world.run(on("restore", "--tier", "bulk", "--wait", "100ms", "--yes", "photos", again));
  expect(early.code, early.stderr).toBe(3);
  expect(early.stderr).toMatch(/needs \d+ records? from \d+ archives?, .*\(Bulk\)/);
  expect(early.stderr).toContain("run the same command again later");
  expect(existsSync(again)).toBe(false);
  expect(server.counts()["RestoreObject"]?.requests).toBe(asked);
  // And when it has come meanwhile, it restores.
  let looks = 0;
  const words = on("restore", "--wait", "10m", "--poll", "50ms", "--yes", "photos", again);
  server.onRequest((operation) => {
    // After the plan and the first look.
    if (operation === "HeadObject" && ++looks > 2 * (asked ?? 0)) now += 8 * HOUR_MS;
  });
  const waited = await world.run(words);
  server.onRequest(null);
  expect(waited.code, waited.stderr).toBe(0);
  expect(await treeHash(again)).toBe(await treeHash(source));
  expect(await ask("--yes")).toBe(0);
});

test("check says whether the bucket keeps what is deleted", async () => {
  const s3 = await openS3World("s3-locked");
  const { world, on, source, server } = s3;
  fillSource(s3, 3);
  await s3.init();
  await world.summary(on("snapshot", source));
  const notes = async (): Promise<string> =>
    (await world.records(on("check"))).map(({ message }) => message ?? "").join("\n");
  expect(await notes()).toMatch(/versioning is off.*object lock is off/);
  const bucket = server.bucket("bucket");
  bucket.versioning = "Enabled";
  bucket.lock = { mode: null, days: 0 };
  expect(await notes()).toMatch(/versioning is on.*no retention is set/);
  bucket.lock = { mode: "COMPLIANCE", days: 30 };
  expect(await notes()).toMatch(/keeps every version for 30 days.*COMPLIANCE/);
  // What is under a lock is not deleted by a collection, and does not stop it.
  await world.summary(on("snapshot", source));
  await world.summary(on("forget", "--keep-last", "1", "--yes"));
  await world.summary(on("gc"));
  expect((await world.summary(on("check", "--read-data")))["findings"]).toBe(0);
});
