/** What is left of the index after a crash, a loss, or an opening that was cut short: never less than what is stored. */
import { type BlobRecord, RECORD_KINDS } from "@datadb/protocol";
import { afterAll, expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import { createMemoryIndex } from "../memory-index.ts";
import { namesOf } from "../suite/reading.suite.ts";
import { sampleRecord, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { systemError } from "../suite/simulated-file-system.ts";
import { type SimulatedStore, simulatedStore } from "../suite/simulated-store.ts";
import { sealedWorld } from "./sealed-world.ts";

const world = sealedWorld();
afterAll(world.dispose);
const config = world.config("first");
const seed = runSeed();
const random = createRandom(seed);
const OWN = "encrypt:blobsfile%3Ablobs";

const idsOf = (records: readonly BlobRecord[]): string[] =>
  records.map(({ kind, name }) => `${kind} ${name.toString("hex")}`).sort();

/** The names in the index, as the server reads them. */
async function indexed(store: SimulatedStore): Promise<string[]> {
  const found: string[] = [];
  for (const [at, kind] of RECORD_KINDS.entries()) {
    const range = [Buffer.from([at + 1]), Buffer.from([at + 2])] as const;
    for await (const [key] of store.indexes.get(OWN)!.entries(...range))
      found.push(`${kind} ${key.subarray(1).toString("hex")}`);
  }
  return found.sort();
}

async function expectAll(backend: Backend, records: readonly BlobRecord[]): Promise<void> {
  for (const record of records) {
    expect(await backend.getMany(record.kind, [record.name]), `seed ${seed}`).toEqual([record]);
    const { encoding, base, length } = record;
    expect(await backend.statMany(record.kind, [record.name])).toMatchObject([{ encoding, base, length }]);
  }
}

async function crashed(
  survives: number,
): Promise<{ store: SimulatedStore; flushed: BlobRecord[]; accepted: BlobRecord[] }> {
  const before = simulatedStore();
  const backend = await before.open(config);
  const flushed = sampleRecords(random, "sha256", 20);
  const accepted = sampleRecords(random, "sha256", 20);
  await backend.putMany(flushed);
  await backend.flush();
  await backend.putMany(accepted);
  return { store: before.crash(() => survives), flushed, accepted };
}

test("what survived a crash is told by its plain names before the index has it", async () => {
  const { store, flushed, accepted } = await crashed(1);
  const backend = await store.open(config);
  // Packs of which no name was durable went with the power.
  const there: BlobRecord[] = [];
  for (const record of accepted)
    if ((await backend.hasMany(record.kind, [record.name]))[0] === 1) there.push(record);
  expect(there.length).toBeGreaterThan(0);
  expect([...new Set(store.recovered)].sort()).toEqual(idsOf(there));
  await expectAll(backend, [...flushed, ...there]);
  expect(await indexed(store)).toEqual(idsOf([...flushed, ...there]));
  await backend.close();
});

test("what a crash took leaves the index", async () => {
  const { store, flushed, accepted } = await crashed(0);
  expect(await indexed(store)).toEqual(idsOf([...flushed, ...accepted]));
  const backend = await store.open(config);
  await expectAll(backend, flushed);
  expect(await indexed(store)).toEqual(idsOf(flushed));
  expect(store.recovered).toEqual([]);
  await backend.putMany(accepted);
  await expectAll(backend, accepted);
  await backend.close();
});

test("an opening that is cut short anywhere tells the same again", async () => {
  const { store, flushed, accepted } = await crashed(1);
  let whole = 0;
  for (let cut = 0; whole === 0; cut++) {
    const again = store.crash(() => 1);
    let told = 0;
    const index = again.indexes.get(OWN)!;
    const write = index.write.bind(index);
    index.write = async (...args) => {
      if (told++ === cut) throw new Error("the power fails");
      await write(...args);
    };
    await again.open(config).then(
      async (backend) => {
        whole += 1;
        await backend.close();
      },
      (error: Error) => expect(error.message).toContain("the power fails"),
    );
    index.write = write;
    const later = again.crash(() => 1);
    const backend = await later.open(config);
    const told2 = new Set([...again.recovered, ...later.recovered]);
    for (const record of accepted)
      if ((await backend.hasMany(record.kind, [record.name]))[0] === 1)
        expect(told2, `cut ${cut}, seed ${seed}`).toContain(idsOf([record])[0]);
    await expectAll(backend, flushed);
    await backend.close();
  }
});

test("without any index everything is found by the key alone, and told", async () => {
  const { store, flushed } = await crashed(0);
  store.indexes.clear();
  const backend = await store.open(config);
  expect([...store.recovered].sort()).toEqual(idsOf(flushed));
  await expectAll(backend, flushed);
  expect(await indexed(store)).toEqual(idsOf(flushed));
  await backend.close();
});

test("when only its own index is lost, it is made again", async () => {
  const { store, flushed } = await crashed(0);
  store.indexes.set(OWN, createMemoryIndex());
  const backend = await store.open(config);
  expect([...store.recovered].sort()).toEqual(idsOf(flushed));
  expect(await indexed(store)).toEqual(idsOf(flushed));
  await expectAll(backend, flushed);
  await backend.close();
});

/** A store in which a difference was replaced by a record without a base, which is not flushed. */
async function replaced() {
  const store = simulatedStore();
  const backend = await store.open(config);
  const base = sampleRecord(random, "sha256", { kind: "data", encoding: "raw" });
  const old = {
    ...sampleRecord(random, "sha256", { kind: "data", encoding: "zstd-delta" }),
    base: base.name,
  };
  const anew: BlobRecord = { ...old, encoding: "raw", base: null, payload: Buffer.from("anew"), length: 4 };
  await backend.putMany([base, old]);
  await backend.flush();
  await backend.replaceMany("data", [anew]);
  return { store, backend, base, old, anew };
}

test("a replaced record is told as it was until it is durable, and after a crash as it is", async () => {
  const { store, backend, base, old, anew } = await replaced();
  expect(await backend.statMany("data", [old.name])).toMatchObject([{ base: base.name }]);
  for (const survives of [0, 1]) {
    const after = store.crash(() => survives);
    const reopened = await after.open(config);
    const [record] = await reopened.getMany("data", [old.name]);
    expect(await reopened.statMany("data", [old.name])).toMatchObject([
      { base: record!.base, encoding: record!.encoding, payloadLength: record!.payload.length },
    ]);
    await reopened.close();
  }
  await backend.flush();
  expect(await backend.statMany("data", [old.name])).toMatchObject([{ base: null, payloadLength: 4 }]);
  expect(await backend.getMany("data", [old.name])).toEqual([anew]);
  await backend.close();
});

test("a replacement that a flush of somebody else gave up is not told of", async () => {
  const { store, backend, base, old, anew } = await replaced();
  store.disk.fault = (operation) => (operation === "sync" ? systemError("EIO") : null);
  await expect(backend.compact({ unused: 0 })).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  store.disk.fault = null;
  await backend.flush();
  expect(await backend.getMany("data", [old.name])).toEqual([old]);
  // Whoever was told otherwise would let the base go.
  expect(await backend.statMany("data", [old.name])).toMatchObject([{ base: base.name }]);
  await backend.replaceMany("data", [anew]);
  await backend.flush();
  expect(await backend.statMany("data", [old.name])).toMatchObject([{ base: null }]);
  await backend.close();
});

test("after a flush that fails the index says nothing of what was given up", async () => {
  const store = simulatedStore();
  const backend = await store.open(config);
  const records = sampleRecords(random, "sha256", 10, { kind: "data" });
  await backend.putMany(records);
  store.disk.fault = (operation) =>
    operation === "sync" ? Object.assign(new Error("EIO: i/o error"), { code: "EIO" }) : null;
  await expect(backend.flush()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  store.disk.fault = null;
  expect([...(await backend.hasMany("data", namesOf(records)))]).toEqual(records.map(() => 0));
  expect(await indexed(store)).toEqual([]);
  await backend.putMany(records);
  await backend.flush();
  expect(await indexed(store)).toEqual(idsOf(records));
  await expectAll(backend, records);
  await backend.close();
});

test("distrusted records are marked in the index, and trusted again when they are put", async () => {
  const store = simulatedStore();
  const backend = await store.open(config);
  const [record] = sampleRecords(random, "sha256", 1, { kind: "data" });
  await backend.putMany([record!]);
  await backend.flush();
  const valueNow = (): Buffer =>
    store.indexes.get(OWN)!.getMany([Buffer.concat([Buffer.from([1]), record!.name])])[0]!;
  await backend.distrustMany("data", [record!.name]);
  expect(valueNow()[0]).toBe(0);
  expect([...(await backend.hasMany("data", [record!.name]))]).toEqual([0]);
  await backend.putMany([record!]);
  expect(valueNow()[0]).not.toBe(0);
  await expectAll(backend, [record!]);
  await backend.close();
});

test("an entry that the index lacks is made of the record", async () => {
  const store = simulatedStore();
  const backend = await store.open(config);
  const records = sampleRecords(random, "sha256", 3, { kind: "data" });
  await backend.putMany(records);
  await backend.flush();
  const keys = records.map(({ name }) => Buffer.concat([Buffer.from([1]), name]));
  await store.indexes.get(OWN)!.write([], keys);
  await expectAll(backend, records);
  expect(await indexed(store)).toEqual(idsOf(records));
  await backend.close();
});
