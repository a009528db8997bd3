import { describe, expect, test } from "vitest";
import { fingerprint, sampleRecord, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { createSimulatedFileSystem, systemError } from "../suite/simulated-file-system.ts";
import { simulatedStore } from "../suite/simulated-store.ts";
import { createReadHandles } from "./read-handles.ts";
import { planReads, type Wanted } from "./read-plan.ts";

const seed = runSeed();
const KIB = 1024;

function wanted(pack: number, offset: number, size: number): Wanted {
  return {
    index: 0,
    size,
    location: { pack, offset, payloadLength: 0, length: 0, encoding: "raw", base: null },
  };
}

describe(`reads, DATADB_TEST_SEED=${seed}`, () => {
  test("close records are one read; gaps, packs and 4 MiB divide them; order does not matter", () => {
    const plan = planReads([
      wanted(2, 64, 10),
      wanted(1, 100 * KIB, 10 * KIB),
      wanted(1, 64, 40 * KIB),
      wanted(1, 64, 40 * KIB),
      wanted(1, 500 * KIB, KIB),
      wanted(1, 501 * KIB, 4096 * KIB),
      wanted(1, 5000 * KIB, 9000 * KIB),
    ]);
    expect(plan.map(({ pack, from, to, items }) => [pack, from, to, items.length])).toEqual([
      [1, 64, 110 * KIB, 3],
      [1, 500 * KIB, 501 * KIB, 1],
      [1, 501 * KIB, 4597 * KIB, 1],
      [1, 5000 * KIB, 14_000 * KIB, 1],
      [2, 64, 74, 1],
    ]);
  });

  test("hundreds of neighbours cost one read", async () => {
    const store = simulatedStore();
    const backend = await store.open({ blobsfile: {} });
    const records = sampleRecords(createRandom(seed), "sha256", 300, { kind: "data", payloadLength: 200 });
    await backend.putMany(records);
    const before = store.disk.calls.read;
    await backend.getMany("data", records.map(({ name }) => name).reverse());
    expect(store.disk.calls.read - before).toBe(1);
  });

  test("descriptors stay bounded, whatever the number of packs, and are all given back", async () => {
    const disk = createSimulatedFileSystem();
    for (let number = 0; number < 30; number++) disk.overwrite(`/f${number}`, Buffer.from(String(number)));
    const handles = createReadHandles(disk, 4);
    const random = createRandom(seed);
    const readOne = async (number: number): Promise<void> => {
      const target = Buffer.alloc(2);
      const bytes = await handles.use(`/f${number}`, (file) => file.read(target, 0));
      expect(target.toString("latin1", 0, bytes)).toBe(String(number));
    };
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 1 + random.integer(8) }, () => readOne(random.integer(30))));
      expect(handles.count()).toBeLessThanOrEqual(4);
    }
    disk.fault = (operation) => (operation === "open" ? systemError("EMFILE") : null);
    await expect(Promise.all(Array.from({ length: 30 }, (_, number) => readOne(number)))).rejects.toThrow(
      "EMFILE",
    );
    disk.fault = null;
    await readOne(7);
    await handles.close();
    expect(handles.count()).toBe(0);
  });

  test("a backend closed after many packs holds no descriptor", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const records = sampleRecords(createRandom(seed), "sha256", 100, { payloadLength: 400 });
    await backend.putMany(records);
    for (const { kind, name } of records) await backend.getMany(kind, [name]);
    expect(backend.counters()["open-fds"]).toBeGreaterThan(0);
    await backend.close();
    expect(backend.counters()["open-fds"]).toBe(0);
  });

  test("20,000 single puts at once go out in few writes", async () => {
    const store = simulatedStore();
    const backend = await store.open({ blobsfile: {} });
    const one = sampleRecord(createRandom(seed), "sha256", { kind: "data", payloadLength: 10 });
    const records = Array.from({ length: 20_000 }, (_, index) => {
      const name = Buffer.from(one.name);
      name.writeUInt32BE(index);
      return { ...one, name };
    });
    await Promise.all(records.map((record) => backend.putMany([record])));
    expect(store.disk.calls.write).toBeLessThan(20);
    const [last] = await backend.getMany("data", [records.at(-1)!.name]);
    expect(fingerprint(last!)).toBe(fingerprint(records.at(-1)!));
  });
});
