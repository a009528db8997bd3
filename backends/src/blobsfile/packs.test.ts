import { describe, expect, test } from "vitest";
import type { RecordInfo } from "../backend.ts";
import { listings } from "../suite/reading.suite.ts";
import { fingerprint, sampleRecord, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { simulatedStore } from "../suite/simulated-store.ts";
import { packName, parsePackName } from "./pack-name.ts";

const seed = runSeed();

describe(`packs, DATADB_TEST_SEED=${seed}`, () => {
  test("names: five digits or more, one name for each number", () => {
    expect(packName("data", 1)).toBe("blobs-00001");
    expect(packName("node", 123_456)).toBe("nodes-123456");
    expect(parsePackName("log-00012")).toEqual({ kind: "log", pack: 12 });
    for (const file of ["blobs-1", "blobs-000001", "blobs-00001.tmp", "index-00001", "blobs-"]) {
      expect(parsePackName(file)).toBeNull();
    }
  });

  test("a full pack is followed by the next and never changes again; no pack is longer than its limit", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const random = createRandom(seed);
    const sealed = new Map<string, Buffer>();
    for (let round = 0; round < 24; round++) {
      await backend.putMany(sampleRecords(random, "sha256", 3 + random.integer(20)));
      const files = (await store.disk.list("/store/blobs"))
        .filter((file) => file.startsWith("blobs-"))
        .sort();
      for (const [file, content] of sealed)
        expect(store.disk.content(`/store/blobs/${file}`)!.equals(content)).toBe(true);
      for (const file of files.slice(0, -1)) sealed.set(file, store.disk.content(`/store/blobs/${file}`)!);
      for (const file of files)
        expect(store.disk.content(`/store/blobs/${file}`)!.length).toBeLessThanOrEqual(4096);
      if (round % 3 === 0) await backend.flush();
    }
    expect(sealed.size).toBeGreaterThan(3);
  });

  test("a record larger than a pack has a pack of its own", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const random = createRandom(seed);
    const records = [100, 9000, 100].map((payloadLength) =>
      sampleRecord(random, "sha256", { kind: "data", payloadLength }),
    );
    await backend.putMany(records);
    await backend.flush();
    const infos = await backend.statMany(
      "data",
      records.map(({ name }) => name),
    );
    expect(infos.map((info) => info!.pack)).toEqual(["blobs-00001", "blobs-00002", "blobs-00003"]);
  });

  test("a reopened backend goes on in the last pack", async () => {
    const store = simulatedStore();
    const random = createRandom(seed);
    for (let round = 0; round < 4; round++) {
      const backend = await store.open();
      await backend.putMany(sampleRecords(random, "sha256", 2, { kind: "log", payloadLength: 50 }));
      await backend.close();
    }
    expect(await store.disk.list("/store/blobs")).toEqual(["log-00001"]);
  });

  test("a reindex makes the index that was there, and an empty index is made anew by opening", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const random = createRandom(seed);
    const records = sampleRecords(random, "sha256", 80);
    for (let at = 0; at < records.length; at += 20) {
      await backend.putMany(records.slice(at, at + 20));
      await backend.flush();
    }
    const dump = async (): Promise<string[]> => {
      const entries: string[] = [];
      for await (const [key, value] of [...store.indexes.values()][0]!.entries(
        Buffer.from([0]),
        Buffer.from([255]),
      )) {
        entries.push(`${key.toString("hex")} ${value.toString("hex")}`);
      }
      return entries;
    };
    const before = await dump();
    expect(before.length).toBeGreaterThan(80);
    expect(await backend.reindex()).toMatchObject({ records: 80, damaged: 0 });
    expect(await dump()).toEqual(before);
    await backend.close();
    await [...store.indexes.values()][0]!.clear();
    const reopened = await store.open();
    expect(await dump()).toEqual(before);
    for (const record of records) {
      expect((await reopened.getMany(record.kind, [record.name])).map(fingerprint)).toEqual([
        fingerprint(record),
      ]);
    }
  });

  test("the number of a lost pack is not given again", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const records = sampleRecords(createRandom(seed), "sha256", 20, { kind: "data", payloadLength: 1000 });
    await backend.putMany(records.slice(0, 10));
    await backend.flush();
    const [last] = await backend.statMany("data", [records[9]!.name]);
    await backend.close();
    store.disk.lose(`/store/blobs/${last!.pack}`);
    const reopened = await store.open();
    await reopened.putMany(records.slice(10));
    await reopened.close();
    const again = await store.open();
    expect(await store.disk.list("/store/blobs")).not.toContain(last!.pack);
    await expect(again.getMany("data", [records[9]!.name])).rejects.toMatchObject({
      code: "DAMAGED",
      message: expect.stringContaining(last!.pack),
    });
  });

  test("a reindex runs between puts: none is lost or doubled", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const records = sampleRecords(createRandom(seed), "sha256", 60, { kind: "data" });
    const work: Promise<unknown>[] = [];
    for (let at = 0; at < records.length; at += 10) {
      work.push(backend.putMany(records.slice(at, at + 10)), backend.reindex());
    }
    await Promise.all(work);
    await backend.putMany(records);
    const listed = (await listings(backend, "data")).flatMap(({ records: found }) => found);
    expect(listed).toHaveLength(60);
    const infos = (await backend.statMany(
      "data",
      records.map(({ name }) => name),
    )) as RecordInfo[];
    expect(new Set(infos.map(({ pack, offset }) => `${pack} ${offset}`)).size).toBe(60);
  });
});
