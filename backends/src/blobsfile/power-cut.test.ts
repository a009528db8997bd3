import type { BlobRecord } from "@datadb/protocol";
import { describe, expect, test } from "vitest";
import { listings } from "../suite/reading.suite.ts";
import { fingerprint, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, type Random, runSeed } from "../suite/seeded-random.ts";
import type { Survival } from "../suite/simulated-file-system.ts";
import { simulatedStore } from "../suite/simulated-store.ts";

const seed = runSeed();
const ROUNDS = 60;
const idOf = ({ kind, name }: BlobRecord): string => `${kind} ${name.toString("hex")}`;

/** Each un-synced change is lost, whole or half on the disk, independently: the kernel writes in any order. */
function anyOrder(random: Random): Survival {
  return () => random.pick([0, 1, random.fraction()]);
}

/** Each file keeps a prefix of its un-synced changes, the last of them cut somewhere. */
function prefixes(random: Random): Survival {
  const ends = new Map<string, number>();
  return ({ path, index }) => {
    const end = ends.get(path) ?? random.integer(4);
    ends.set(path, end);
    return index < end ? 1 : index === end ? random.fraction() : 0;
  };
}

describe(`power cuts, DATADB_TEST_SEED=${seed}`, () => {
  test("what was not flushed is gone, what was flushed is there, and the rest is no obstacle", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const random = createRandom(seed);
    const flushed = sampleRecords(random, "sha256", 20);
    const accepted = sampleRecords(random, "sha256", 20);
    await backend.putMany(flushed);
    await backend.flush();
    await backend.putMany(accepted);
    const after = await store.crash().open();
    for (const record of flushed) expect(await after.getMany(record.kind, [record.name])).toEqual([record]);
    for (const record of accepted) expect(await after.getMany(record.kind, [record.name])).toEqual([null]);
    await after.putMany(accepted);
    await after.flush();
    for (const record of accepted) expect(await after.getMany(record.kind, [record.name])).toEqual([record]);
  });

  test.each([
    ["un-synced writes survive in any order", anyOrder],
    ["un-synced writes survive as a prefix of each file", prefixes],
  ])(`${ROUNDS} crashes in a row lose nothing flushed: %s`, async (_, survivalOf) => {
    const random = createRandom(seed + 1);
    const durable = new Map<string, BlobRecord>();
    let store = simulatedStore();
    for (let round = 0; round < ROUNDS; round++) {
      const backend = await store.open();
      const records = sampleRecords(random, "sha256", 1 + random.integer(12));
      const split = random.integer(records.length + 1);
      await backend.putMany(records.slice(0, split));
      await backend.flush();
      for (const record of records.slice(0, split)) durable.set(idOf(record), record);
      // The power fails while this put is on its way, or after it, or while its flush runs.
      const put = backend
        .putMany(records.slice(split))
        .then(() => (random.integer(2) === 0 ? backend.flush() : undefined));
      for (let turns = random.integer(6); turns > 0; turns--)
        await new Promise((resolve) => setImmediate(resolve));
      store = store.crash(survivalOf(random));
      await put;
      for (const record of durable.values()) {
        expect([...(await backend.hasMany(record.kind, [record.name]))]).toEqual([1]);
      }
      const reopened = await store.open();
      for (const kind of ["data", "node", "log"] as const) {
        const expected = [...durable.values()].filter((record) => record.kind === kind);
        const names = expected.map(({ name }) => name);
        expect((await reopened.getMany(kind, names)).map(fingerprint)).toEqual(expected.map(fingerprint));
      }
      await reopened.close();
    }
  });

  test("what a killed process left to the kernel is made durable before the index knows it", async () => {
    const store = simulatedStore();
    const records = sampleRecords(createRandom(seed + 3), "sha256", 5, { kind: "data" });
    const names = records.map(({ name }) => name);
    const killed = await store.open();
    await killed.putMany(records.slice(0, 1));
    await killed.flush();
    await killed.putMany(records);
    const second = await store.open();
    expect([...(await second.hasMany("data", names))]).toEqual([1, 1, 1, 1, 1]);
    expect(store.recovered).toEqual(names.slice(1).map((name) => `data ${name.toString("hex")}`));
    const third = await store.crash().open();
    expect((await third.getMany("data", names)).map(fingerprint)).toEqual(records.map(fingerprint));
  });

  test("so is the name of a pack that a killed process had just begun", async () => {
    const store = simulatedStore();
    const records = sampleRecords(createRandom(seed + 4), "sha256", 5, { kind: "data" });
    const names = records.map(({ name }) => name);
    await (await store.open()).putMany(records);
    const second = await store.open();
    expect([...(await second.hasMany("data", names))]).toEqual([1, 1, 1, 1, 1]);
    await second.flush();
    const third = await store.crash().open();
    expect((await third.getMany("data", names)).map(fingerprint)).toEqual(records.map(fingerprint));
  });

  test("a crash during reindex leaves an index that the next open completes", async () => {
    const random = createRandom(seed + 2);
    const store = simulatedStore();
    const backend = await store.open();
    const records = sampleRecords(random, "sha256", 60, { kind: "data" });
    await backend.putMany(records);
    const stop = new AbortController();
    store.disk.fault = (operation, path) => {
      if (operation === "read" && path.endsWith("blobs-00003")) stop.abort(new Error("stopped"));
      return null;
    };
    await expect(backend.reindex(stop.signal)).rejects.toThrow("stopped");
    store.disk.fault = null;
    const after = await store.crash().open();
    expect(
      await after.getMany(
        "data",
        records.map(({ name }) => name),
      ),
    ).toEqual(records);
    const listed = (await listings(after, "data")).flatMap(({ records: found }) => found);
    expect(listed).toHaveLength(60);
  });
});
