// What is cold is found and retrieved wherever it lies in a composition, under whatever names; and nothing leaves unencrypted by the back door.
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Backend, coldIn, createMemoryIndex, openBackend } from "@datadb/backends";
import { createRandom, fingerprint, runSeed, sampleRecords } from "@datadb/backends/suite";
import { type BlobRecord, encodeKeyFile } from "@datadb/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GlacierServer, startGlacierServer } from "../harness/glacier-server/start-glacier-server.ts";
import { type S3Server, startS3Server } from "../harness/s3-server/start-s3-server.ts";
import { scratch } from "../harness/scratch.ts";
import { waitFor } from "../harness/wait-for.ts";

const HOUR = 3600_000;
const random = createRandom(runSeed());
let vaults: GlacierServer;
let buckets: S3Server;
let now = Date.now();
beforeAll(async () => {
  vaults = await startGlacierServer(["one", "two"]);
  buckets = await startS3Server({ buckets: ["cold"], clock: () => now });
});
afterAll(() => Promise.all([vaults.close(), buckets.close()]));

type Config = { [type: string]: unknown };

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
const vault = (name: string, warm: unknown = { blobsfile: { path: `warm-${name}` } }, more = {}): Config => ({
  glacier: { vault: name, endpoint: vaults.endpoint, ...credentials, warm, ...more },
});
const bucket = (): Config => {
  const { accessKeyId, secretAccessKey } = buckets.credentials;
  const place = { bucket: "cold", prefix: `${randomBytes(4).toString("hex")}/`, endpoint: buckets.endpoint };
  const keys = { accessKeyId, secretAccessKey };
  return { s3: { ...place, ...keys, storageClass: "GLACIER", packBytes: 8192, cache: 0, retryDelay: 5 } };
};

/** A place for stores of one composition; `make` is given the value for keys. */
function placeOf(make: (key: string) => Config) {
  const directory = join(scratch("cold-stacks"), randomBytes(4).toString("hex"));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "key"), encodeKeyFile(randomBytes(32)), { mode: 0o600 });
  const indexes = new Map<string, ReturnType<typeof createMemoryIndex>>();
  const index = (path: string) => {
    const found = indexes.get(path) ?? createMemoryIndex();
    indexes.set(path, found);
    return found;
  };
  const context = { storeId: randomBytes(16), hash: "sha256" as const, directory, index, warn: () => {} };
  const config = make(`file:${join(directory, "key")}`);
  return { open: () => openBackend(config, context), indexes };
}

const sealed = (key: string, to: unknown): Config => ({ encrypt: { key, to } });

const STACKS: [string, (key: string) => Config][] = [
  ["encrypt(glacier)", (key) => sealed(key, vault("one"))],
  ["encrypt(cold s3)", (key) => sealed(key, bucket())],
  ["retry(encrypt(retry(cold s3)))", (key) => ({ retry: { to: sealed(key, { retry: { to: bucket() } }) } })],
  ["cache(encrypt(glacier))", (key) => ({ cache: { to: sealed(key, vault("one")), size: 1_048_576 } })],
  ["encrypt(mirror(glacier, glacier))", (key) => sealed(key, { mirror: [vault("one"), vault("two")] })],
  ["mirror(encrypt(cold s3), glacier)", (key) => ({ mirror: [sealed(key, bucket()), vault("two")] })],
];

/** Records, each second one made from the one before it. */
function chainedRecords(count: number): BlobRecord[] {
  const records = sampleRecords(random, "sha256", count, {
    kind: "data",
    encoding: "raw",
    payloadLength: 500,
  });
  return records.map((record, at) =>
    at % 2 === 0 ? record : { ...record, encoding: "zstd-delta" as const, base: records[at - 1]!.name },
  );
}

async function untilWarm(backend: Backend, names: readonly Buffer[]): Promise<number> {
  for (let rounds = 0; ; rounds++) {
    if ((await coldIn(backend)!.thaw(names, "Standard", true)).records === 0) return rounds;
    expect(rounds).toBeLessThan(8);
    now += 6 * HOUR;
    vaults.advance(6 * HOUR);
  }
}

test.each(STACKS)("%s: what is needed comes back with what it is made from", async (_, make) => {
  const { open } = placeOf(make);
  const backend = await open();
  const records = chainedRecords(40);
  const names = records.map(({ name }) => name);
  await backend.putMany(records);
  await backend.flush();
  await coldIn(backend)!.archive();
  const status = await coldIn(backend)!.status();
  expect(status.archives).toBeGreaterThan(0);
  await expect(backend.getMany("data", [names[31]!])).rejects.toMatchObject({ code: "COLD_DATA" });
  await backend.close();
  const again = await open();
  const plan = await coldIn(again)!.thaw([names[31]!], "Standard", false);
  expect(plan).toMatchObject({ waiting: 0 });
  expect(plan.records).toBeGreaterThanOrEqual(2);
  expect(await untilWarm(again, [names[31]!])).toBeGreaterThan(0);
  expect((await again.getMany("data", [names[31]!, names[30]!])).map(fingerprint)).toEqual(
    [records[31]!, records[30]!].map(fingerprint),
  );
  await untilWarm(again, names);
  expect((await again.getMany("data", names)).map(fingerprint)).toEqual(records.map(fingerprint));
  await again.close();
});

test("a mirror with a warm member retrieves only what that one lacks", async () => {
  const { open, indexes } = placeOf((key) => ({
    mirror: [{ blobsfile: { path: "blobs" } }, sealed(key, vault("one"))],
  }));
  const backend = await open();
  await waitFor("all members", () => backend.mirror!.status().every(({ state }) => state === "up"));
  const records = chainedRecords(10);
  const names = records.map(({ name }) => name);
  await backend.putMany(records);
  await backend.flush();
  await coldIn(backend)!.archive();
  expect(await coldIn(backend)!.thaw(names, "Standard", false)).toMatchObject({ records: 0, archives: 0 });
  expect((await backend.getMany("data", names)).map(fingerprint)).toEqual(records.map(fingerprint));
  await backend.close();
  expect(indexes.size).toBeGreaterThan(2);
});

test("nothing readable is in the vault, and a stack that would put it there is refused", async () => {
  const { open } = placeOf((key) => sealed(key, vault("two")));
  vaults.vault("two").archives.clear();
  const backend = await open();
  const records = chainedRecords(20);
  const [first] = records;
  await backend.putMany(records);
  await coldIn(backend)!.archive();
  await expect(backend.getMany("data", [first!.name])).rejects.toMatchObject({
    code: "COLD_DATA",
    fields: { name: first!.name.toString("hex") },
  });
  await backend.close();
  const kept = Buffer.concat([...vaults.vault("two").archives.values()].map(({ bytes }) => bytes));
  expect(kept.length).toBeGreaterThan(20 * 500);
  for (const { name, payload } of records) {
    expect(kept.includes(name)).toBe(false);
    expect(kept.includes(payload.subarray(0, 32))).toBe(false);
  }
  const inside = (key: string) => ({
    mirror: [{ blobsfile: { path: "plain" } }, sealed(key, { memory: {} })],
  });
  const leaking = placeOf((key) => vault("one", inside(key)));
  await expect(leaking.open()).rejects.toMatchObject({ code: "USAGE" });
  await expect(leaking.open()).rejects.toThrow(/unencrypted.*put encrypt around glacier/);
  const meant = placeOf((key) =>
    vault("one", sealed(key, { blobsfile: { path: "b" } }), { plainArchives: true }),
  );
  await (await meant.open()).close();
});
