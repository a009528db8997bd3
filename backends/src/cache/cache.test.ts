import type { BlobRecord } from "@datadb/protocol";
import { expect, test } from "vitest";
import { backendSuite } from "../suite/backend.suite.ts";
import { fingerprint, sampleRecord, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { type SimulatedStore, simulatedStore } from "../suite/simulated-store.ts";

const TO = { blobsfile: { path: "blobs", maxPackBytes: 4096 } };
const CONFIG = { cache: { to: TO, path: "near", size: 1024 * 1024 } };
const MIB = 1024 * 1024;

backendSuite("cache over memory", async (hash) => ({
  backend: await simulatedStore(hash).open({ cache: { to: { memory: {} } } }),
}));

backendSuite("cache over blobsfile", async (hash) => {
  const store = simulatedStore(hash);
  return { backend: await store.open(CONFIG), reopen: () => store.open(CONFIG) };
});

const namesOf = (records: readonly BlobRecord[]) => records.map(({ name }) => name);

async function filled(
  count: number,
  payloadLength: number,
): Promise<{ store: SimulatedStore; records: BlobRecord[] }> {
  const store = simulatedStore();
  const records = sampleRecords(createRandom(runSeed()), "sha256", count, { kind: "data", payloadLength });
  const plain = await store.open(TO);
  await plain.putMany(records);
  await plain.close();
  return { store, records };
}

test("what was read once is read from the cache, also after it was opened again", async () => {
  const { store, records } = await filled(20, 1000);
  for (const [opening, hits] of [0, 20].entries()) {
    const backend = await store.open(CONFIG);
    const before = store.disk.calls.read;
    expect(await backend.getMany("data", namesOf(records))).toEqual(records);
    expect(backend.counters()).toMatchObject({ hits, misses: 20 - hits, "records-kept": 20 });
    expect(backend.inner[0]?.counters()["blobs-downloaded"], `opening ${opening}`).toBe(20 - hits);
    expect(store.disk.calls.read).toBeGreaterThan(before);
    await backend.close();
  }
});

test("what the backend lacks is not there, whatever the cache has", async () => {
  const { store, records } = await filled(5, 100);
  const backend = await store.open(CONFIG);
  await backend.getMany("data", namesOf(records));
  await backend.inner[0]?.removeMany("data", namesOf(records.slice(0, 2)));
  expect(await backend.getMany("data", namesOf(records))).toEqual([null, null, ...records.slice(2)]);
  expect([...(await backend.hasMany("data", namesOf(records)))]).toEqual([0, 0, 1, 1, 1]);
  await backend.close();
});

test("a replaced record is never read as it was", async () => {
  const { store, records } = await filled(1, 100);
  const backend = await store.open(CONFIG);
  const [old] = records as [BlobRecord];
  await backend.getMany("data", [old.name]);
  const fresh = {
    ...sampleRecord(createRandom(3), "sha256", { kind: "data", encoding: "raw" }),
    name: old.name,
  };
  await backend.replaceMany("data", [fresh]);
  // Perhaps the old one; it must not be kept.
  await backend.getMany("data", [old.name]);
  await backend.flush();
  expect(await backend.getMany("data", [old.name])).toEqual([fresh]);
  expect(await backend.getMany("data", [old.name])).toEqual([fresh]);
  await backend.close();
});

test("a damaged copy is fetched anew", async () => {
  const { store, records } = await filled(10, 500);
  const first = await store.open(CONFIG);
  await first.getMany("data", namesOf(records));
  await first.close();
  const path = "/store/near/blobs-00001";
  const bytes = Buffer.from(store.disk.content(path)!);
  bytes[900]! ^= 1;
  store.disk.overwrite(path, bytes);
  const backend = await store.open(CONFIG);
  expect(await backend.getMany("data", namesOf(records))).toEqual(records);
  expect(backend.counters()).toMatchObject({ hits: 9, misses: 1 });
  expect(await backend.getMany("data", namesOf(records))).toEqual(records);
  expect(backend.counters()).toMatchObject({ hits: 19, misses: 1 });
  await backend.close();
});

test("it stays within its size, and what was used last stays in it", async () => {
  const { store, records } = await filled(60, 60_000);
  const backend = await store.open(CONFIG);
  const favourite = records[0] as BlobRecord;
  for (const record of records) {
    for (const wanted of [record, favourite]) {
      const [found] = await backend.getMany("data", [wanted.name]);
      expect(fingerprint(found ?? null) === fingerprint(wanted)).toBe(true);
    }
    expect(backend.counters()["bytes-kept"]).toBeLessThan(1.3 * MIB);
  }
  const { misses } = backend.counters();
  expect(misses).toBe(60);
  expect(backend.counters()["records-evicted"]).toBeGreaterThan(30);
  await backend.close();
  let onDisk = 0;
  for (const file of await store.disk.list("/store/near"))
    onDisk += store.disk.content(`/store/near/${file}`)?.length ?? 0;
  expect(onDisk).toBeLessThan(2.5 * MIB);
});

test("a power cut at any time leaves a cache that tells the truth", async () => {
  const random = createRandom(runSeed());
  let { store, records } = await filled(40, 3000);
  for (let run = 0; run < 10; run++) {
    const backend = await store.open(CONFIG);
    for (let step = random.integer(30); step > 0; step--) {
      const record = random.pick(records);
      expect(await backend.getMany("data", [record.name])).toEqual([record]);
    }
    store = store.crash(() => random.fraction() * 1.5);
  }
});

test("a cache that cannot be written, or is gone, is no reason to fail", async () => {
  const { store, records } = await filled(30, 1000);
  const backend = await store.open(CONFIG);
  store.disk.fault = (operation, path) =>
    operation === "write" && path.includes("/near/")
      ? Object.assign(new Error("full"), { code: "ENOSPC" })
      : null;
  expect(await backend.getMany("data", namesOf(records))).toEqual(records);
  expect(store.warnings.join()).toContain("cache");
  store.disk.fault = null;
  await backend.close();
  const second = await store.open(CONFIG);
  await second.getMany("data", namesOf(records));
  await second.close();
  for (const file of await store.disk.list("/store/near")) store.disk.lose(`/store/near/${file}`);
  const third = await store.open(CONFIG);
  expect(await third.getMany("data", namesOf(records))).toEqual(records);
  await third.close();
});
