import type { BlobRecord } from "@datadb/protocol";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import { listedNames, listings, namesOf } from "../suite/reading.suite.ts";
import { sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { simulatedStore } from "../suite/simulated-store.ts";
import { sealedWorld } from "./sealed-world.ts";

const world = sealedWorld();
afterAll(world.dispose);
const seed = runSeed();
const random = createRandom(seed);

let backend: Backend;
let inner: Backend;
let records: BlobRecord[];
let stored: BlobRecord[];

beforeEach(async () => {
  backend = await simulatedStore().open(world.config("first", { memory: {} }));
  inner = backend.inner[0]!;
  records = sampleRecords(random, "sha256", 3, { kind: "node", payloadLength: 200 });
  stored = [];
  for (const record of records) {
    const before = new Set(await listedNames(inner, "node"));
    await backend.putMany([record]);
    const [name] = (await listedNames(inner, "node")).filter((one) => !before.has(one));
    stored.push((await inner.getMany("node", [Buffer.from(name!, "hex")]))[0]!);
  }
});

/** Puts something else in the place of the first stored record. */
async function replaceFirst(change: Partial<BlobRecord>): Promise<void> {
  const { kind, name } = stored[0]!;
  await inner.removeMany(kind, [name]);
  await inner.putMany([{ ...stored[0]!, ...change }]);
}

async function refused(): Promise<void> {
  const [first, second] = namesOf(records);
  await expect(backend.getMany("node", [second!, first!]), `seed ${seed}`).rejects.toMatchObject({
    code: "NOT_AUTHENTIC",
    message: expect.stringContaining(first!.toString("hex")),
    fields: { kind: "node", name: first!.toString("hex") },
  });
}

/** The same for the packs: what is not authentic is a damaged range, and the others are listed. */
async function listedAsDamage(): Promise<void> {
  const found = await listings(backend, "node");
  expect(found.flatMap(({ records: some }) => some.map(({ name }) => name))).toEqual(
    expect.arrayContaining(namesOf(records.slice(1))),
  );
  expect(found.flatMap(({ damaged }) => damaged)).toHaveLength(1);
  expect(await backend.reindex()).toMatchObject({ records: 2, damaged: 1 });
}

test("a flipped bit anywhere, a cut and an addition are refused, never garbage", async () => {
  const whole = stored[0]!.payload;
  for (let at = 0; at < whole.length; at += 1 + random.integer(9)) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << random.integer(8);
    await replaceFirst({ payload: flipped });
    // The version byte may become that of a later format.
    if (at === 0) await expect(backend.getMany("node", [records[0]!.name])).rejects.toThrow();
    else await refused();
  }
  for (const payload of [
    whole.subarray(0, -1),
    whole.subarray(0, 30),
    Buffer.alloc(0),
    Buffer.concat([whole, whole]),
  ]) {
    await replaceFirst({ payload });
    await refused();
  }
  await replaceFirst({ payload: whole.subarray(0, -1) });
  await listedAsDamage();
});

test("a sealed record in the place of another one, or of another kind, is refused", async () => {
  await replaceFirst({ payload: stored[1]!.payload });
  await listedAsDamage();
  await refused();
  await backend.putMany([{ ...records[0]!, kind: "data" }]);
  const [asData] = (await listings(inner, "data")).flatMap(({ records: some }) => some);
  const [sealedData] = await inner.getMany("data", [asData!.name]);
  await replaceFirst({ payload: sealedData!.payload });
  await refused();
});

test("a record sealed for another place is refused, also with the same key file", async () => {
  const other = await simulatedStore().open(world.config("first", { memory: {} }));
  await other.putMany(records);
  const foreign = (await listings(other.inner[0]!, "node")).flatMap(({ records: some }) => some);
  const payloads = await other.inner[0]!.getMany(
    "node",
    foreign.map(({ name }) => name),
  );
  for (const one of payloads) {
    await replaceFirst({ payload: one!.payload });
    await refused();
  }
});

test("what was refused is absent for writers, and put again", async () => {
  await replaceFirst({ payload: stored[1]!.payload });
  await refused();
  const names = namesOf(records);
  expect([...(await backend.hasMany("node", names))]).toEqual([0, 1, 1]);
  expect((await backend.statMany("node", names)).map((info) => info !== null)).toEqual([false, true, true]);
  await backend.putMany([records[0]!]);
  expect(await backend.getMany("node", names)).toEqual(records);
});

test("two places share no stored name and no payload, and a record sealed twice differs", async () => {
  const seen = new Set<string>();
  for (const name of ["first", "first", "other"]) {
    const place = await simulatedStore().open(world.config(name, { memory: {} }));
    await place.putMany(records);
    const infos = (await listings(place.inner[0]!, "node")).flatMap(({ records: some }) => some);
    for (const one of await place.inner[0]!.getMany(
      "node",
      infos.map((info) => info.name),
    )) {
      // The key record has the same name everywhere: it tells that there is one, which its place cannot hide.
      if (one!.payload.subarray(0, 4).toString() === "dKey") continue;
      for (const text of [one!.name, one!.payload]) {
        expect(seen).not.toContain(text.toString("hex"));
        seen.add(text.toString("hex"));
      }
    }
    await place.close();
  }
  expect(seen.size).toBe(3 * 3 * 2);
});

test("nothing is opened in memory that the wrapped backend may still use", async () => {
  const found = new Map<string, Buffer>();
  const getMany = inner.getMany.bind(inner);
  inner.getMany = async (...args) => {
    const given = await getMany(...args);
    for (const record of given) if (record) found.set(record.name.toString("hex"), record.payload);
    return given;
  };
  expect(await backend.getMany("node", namesOf(records))).toEqual(records);
  for (const { name, payload } of stored) expect(found.get(name.toString("hex"))).toEqual(payload);
});
