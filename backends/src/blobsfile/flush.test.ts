import { describe, expect, test } from "vitest";
import { sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { simulatedStore } from "../suite/simulated-store.ts";

const seed = runSeed();

describe(`flush, DATADB_SEED=${seed}`, () => {
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
