import { describe, expect, test } from "vitest";
import { sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { systemError } from "../suite/simulated-file-system.ts";
import { simulatedStore } from "../suite/simulated-store.ts";
import { recordKeys } from "./location.ts";

const seed = runSeed();

describe(`flush, DATADB_TEST_SEED=${seed}`, () => {
  test("with nothing to do it does nothing", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    await backend.putMany(sampleRecords(createRandom(seed), "sha256", 5));
    await backend.flush();
    const { sync, syncDirectory } = store.disk.calls;
    for (let times = 0; times < 10; times++) await backend.flush();
    expect(store.disk.calls).toMatchObject({ sync, syncDirectory });
  });

  test("many at once share one sync, and each covers what was accepted before it", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const records = sampleRecords(createRandom(seed), "sha256", 40, { kind: "data", payloadLength: 20 });
    await backend.putMany(records.slice(0, 1));
    await backend.flush();
    const before = store.disk.calls.sync;
    await Promise.all(
      records.slice(1).map(async (record) => {
        await backend.putMany([record]);
        await backend.flush();
        const after = store.crash();
        expect(after.disk.content("/store/blobs/blobs-00001")!.includes(record.name)).toBe(true);
      }),
    );
    // Each of 39 puts and its flush are alone in doing so; what came together was synced together.
    expect(store.disk.calls.sync - before).toBeLessThan(10);
  });

  test("a flush of the log does not wait for a sync of data", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const random = createRandom(seed);
    const data = sampleRecords(random, "sha256", 3, { kind: "data" });
    const log = sampleRecords(random, "sha256", 1, { kind: "log" });
    await backend.putMany([...data, ...log]);
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.disk.delay = (operation, path) =>
      operation === "sync" && path.endsWith("blobs-00001") ? held : null;
    let dataDone = false;
    const slow = backend.flush(["data"]).then(() => {
      dataDone = true;
    });
    await backend.flush(["log"]);
    expect(dataDone).toBe(false);
    const after = await store.crash().open();
    expect([...(await after.hasMany("log", [log[0]!.name]))]).toEqual([1]);
    release();
    await slow;
    expect(dataDone).toBe(true);
  });

  test("kinds become durable in order: a node that comes while data is synced waits for the next flush", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const random = createRandom(seed);
    const [chunk, lateChunk] = sampleRecords(random, "sha256", 2, { kind: "data", payloadLength: 50 });
    const [node, lateNode] = sampleRecords(random, "sha256", 2, { kind: "node", payloadLength: 50 });
    await backend.putMany([chunk!, node!]);
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.disk.delay = (operation, path) =>
      operation === "sync" && path.endsWith("blobs-00001") ? held : null;
    const flush = backend.flush();
    await backend.putMany([lateChunk!, lateNode!]);
    expect(store.disk.calls.sync).toBe(0);
    release();
    await flush;
    const has = async (opened: typeof backend): Promise<number[]> => [
      ...(await opened.hasMany("data", [chunk!.name, lateChunk!.name])),
      ...(await opened.hasMany("node", [node!.name, lateNode!.name])),
    ];
    const index = [...store.indexes.values()][0]!;
    const inIndex = index.getMany(
      [chunk!, lateChunk!, node!, lateNode!].map(({ kind, name }) => recordKeys(kind, [name])[0]!),
    );
    expect(inIndex.map((value) => value !== undefined)).toEqual([true, false, true, false]);
    expect(await has(backend)).toEqual([1, 1, 1, 1]);
    await backend.flush();
    expect(await has(await store.crash().open())).toEqual([1, 1, 1, 1]);
  });

  test("removing makes nothing durable, and a record removed before its flush is not indexed by it", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const [kept, removed, again] = sampleRecords(createRandom(seed), "sha256", 3, { kind: "node" });
    const names = [kept!, removed!, again!].map(({ name }) => name);
    await backend.putMany([kept!, removed!, again!]);
    await backend.removeMany("node", names.slice(1));
    expect(store.disk.calls.sync).toBe(0);
    expect([...(await backend.hasMany("node", names))]).toEqual([1, 0, 0]);
    // Put again, and removed while the flush that took it is under way.
    await backend.putMany([again!]);
    await Promise.all([backend.flush(), backend.removeMany("node", [names[2]!])]);
    expect([...(await backend.hasMany("node", names))]).toEqual([1, 0, 0]);
    await backend.putMany([again!]);
    await backend.flush();
    const reopened = await store.crash().open();
    expect([...(await reopened.hasMany("node", names))]).toEqual([1, 0, 1]);
    expect(store.recovered).toEqual([]);
  });

  test("after a failed sync of data, nodes are not made durable", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const random = createRandom(seed);
    await backend.putMany([
      ...sampleRecords(random, "sha256", 2, { kind: "data" }),
      ...sampleRecords(random, "sha256", 2, { kind: "node" }),
    ]);
    store.disk.fault = (operation, path) =>
      operation === "sync" && path.includes("blobs-") ? systemError("EIO") : null;
    await expect(backend.flush()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    expect(store.crash().disk.content("/store/blobs/nodes-00001")?.length ?? 0).toBe(0);
  });

  test("the index is written only after the packs and their directory are synced", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const index = [...store.indexes.values()][0]!;
    const { write } = index;
    let syncsBefore = -1;
    index.write = (puts, removes) => {
      syncsBefore = store.disk.calls.sync + store.disk.calls.syncDirectory;
      return write(puts, removes);
    };
    await backend.putMany(sampleRecords(createRandom(seed), "sha256", 3, { kind: "data" }));
    expect(syncsBefore).toBe(-1);
    await backend.flush();
    expect(syncsBefore).toBe(2);
  });
});
