import type { BlobRecord } from "@datadb/protocol";
import { describe, expect, test } from "vitest";
import { sampleRecord, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { type SimulatedStore, simulatedStore } from "../suite/simulated-store.ts";

const PATH = "/store/blobs/blobs-00001";
const seed = runSeed();

/** A store whose one pack was flushed up to `indexed` bytes and then got one more record that was not. */
async function storeWithTail(
  tail: BlobRecord,
): Promise<{ store: SimulatedStore; kept: BlobRecord[]; indexed: number; whole: Buffer }> {
  const store = simulatedStore();
  const backend = await store.open();
  const kept = sampleRecords(createRandom(seed), "sha256", 3, { kind: "data", payloadLength: 40 });
  await backend.putMany(kept);
  await backend.flush();
  const indexed = store.disk.content(PATH)!.length;
  await backend.putMany([tail]);
  return { store, kept, indexed, whole: store.disk.content(PATH)! };
}

const namesOf = (records: readonly BlobRecord[]): Buffer[] => records.map(({ name }) => name);

describe(`torn tails, DATADB_TEST_SEED=${seed}`, () => {
  test("a record cut at every byte is removed with a warning, and the pack goes on where it was whole", async () => {
    const tail = sampleRecord(createRandom(seed + 1), "sha256", {
      kind: "data",
      encoding: "zstd-delta",
      payloadLength: 90,
    });
    const { store, kept, indexed, whole } = await storeWithTail(tail);
    for (let length = indexed + 1; length < whole.length; length++) {
      const after = store.crash();
      after.disk.overwrite(PATH, whole.subarray(0, length));
      const backend = await after.open();
      expect(after.disk.content(PATH)).toEqual(whole.subarray(0, indexed));
      expect(after.warnings).toEqual([
        expect.stringContaining(`${PATH}: cut an incomplete record at its end (bytes ${indexed}-${length})`),
      ]);
      expect(await backend.getMany("data", namesOf([...kept, tail]))).toEqual([...kept, null]);
      await backend.putMany([tail]);
      await backend.flush();
      expect(after.disk.content(PATH)).toEqual(whole);
    }
  });

  test("a whole record that the index does not know yet is indexed, durably, without a warning", async () => {
    const tail = sampleRecord(createRandom(seed + 2), "sha256", { kind: "data" });
    const { store, kept } = await storeWithTail(tail);
    const after = store.crash(() => 1);
    const backend = await after.open();
    expect(after.warnings).toEqual([]);
    expect(await backend.getMany("data", namesOf([...kept, tail]))).toEqual([...kept, tail]);
    const later = await after.crash().open();
    expect(await later.getMany("data", [tail.name])).toEqual([tail]);
  });

  test("zeros where the last records should be are a torn tail", async () => {
    const { store, indexed, whole } = await storeWithTail(
      sampleRecord(createRandom(seed), "sha256", { kind: "data" }),
    );
    const after = store.crash();
    after.disk.overwrite(PATH, Buffer.concat([whole.subarray(0, indexed), Buffer.alloc(5000)]));
    await (await after.open()).close();
    expect(after.disk.content(PATH)!.length).toBe(indexed);
  });

  test("a torn record that holds a copy of a pack is not searched for records", async () => {
    const [inner] = sampleRecords(createRandom(seed + 3), "sha256", 1, { kind: "data", payloadLength: 60 });
    const copy = await storeWithTail(inner!);
    const outer = sampleRecord(createRandom(seed + 4), "sha256", { kind: "data", encoding: "raw" });
    outer.payload = Buffer.concat([copy.whole, Buffer.alloc(100)]);
    outer.length = outer.payload.length;
    const { store, indexed, whole } = await storeWithTail(outer);
    const after = store.crash();
    after.disk.overwrite(PATH, whole.subarray(0, whole.length - 50));
    const backend = await after.open();
    expect(after.disk.content(PATH)!.length).toBe(indexed);
    expect([...(await backend.hasMany("data", [inner!.name]))]).toEqual([0]);
  });

  test("a pack that ends within its header is removed", async () => {
    for (const length of [0, 1, 63]) {
      const store = simulatedStore();
      await (await store.open()).close();
      store.disk.overwrite(PATH, Buffer.alloc(length));
      const backend = await store.open();
      expect(store.disk.content(PATH)).toBeUndefined();
      expect(store.warnings).toEqual([expect.stringContaining("without a whole header was removed")]);
      const records = sampleRecords(createRandom(seed), "sha256", 2, { kind: "data" });
      await backend.putMany(records);
      expect(await backend.getMany("data", namesOf(records))).toEqual(records);
    }
  });

  test("damage before valid records is reported and left, the records behind it are indexed", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const records = sampleRecords(createRandom(seed + 5), "sha256", 4, { kind: "data", payloadLength: 64 });
    await backend.putMany(records);
    const [, second] = await backend.statMany("data", namesOf(records));
    const bytes = Buffer.from(store.disk.content(PATH)!);
    bytes[second!.offset + 70]! ^= 1;
    const after = store.crash();
    after.disk.overwrite(PATH, bytes);
    const reopened = await after.open();
    expect(after.disk.content(PATH)).toEqual(bytes);
    expect(after.warnings).toEqual([expect.stringContaining(`${PATH}: damaged at bytes ${second!.offset}-`)]);
    const found = await reopened.getMany("data", namesOf(records));
    expect(found).toEqual([records[0], null, records[2], records[3]]);
  });
});
