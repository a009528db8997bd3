import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobRecord } from "@datadb/protocol";
import { describe, expect, test } from "vitest";
import { createMemoryIndex } from "../memory-index.ts";
import { openBackend } from "../open-backend.ts";
import { listings } from "../suite/reading.suite.ts";
import { fingerprint, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { type Operation, systemError } from "../suite/simulated-file-system.ts";
import { SIMULATED_STORE_ID, simulatedStore } from "../suite/simulated-store.ts";

const seed = runSeed();
const namesOf = (records: readonly BlobRecord[]): Buffer[] => records.map(({ name }) => name);

/** An error for the next operation of a kind, once. */
function failOnce(
  operation: Operation,
  code: string,
): (now: Operation, path: string) => NodeJS.ErrnoException | null {
  let left = 1;
  return (now) => (now === operation && left-- > 0 ? systemError(code) : null);
}

describe(`a failing disk, DATADB_TEST_SEED=${seed}`, () => {
  test("a disk that fills up within a put: DISK_FULL, the pack is cut back, what was accepted stays, and it goes on later", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const random = createRandom(seed);
    const before = sampleRecords(random, "sha256", 4, { kind: "data", payloadLength: 300 });
    await backend.putMany(before);
    await backend.flush();
    const used = store.disk.content("/store/blobs/blobs-00001")!.length;
    const more = sampleRecords(random, "sha256", 30, { kind: "data", payloadLength: 300 });
    // Every point of the pack's end, of a roll-over and of the next pack's header is some capacity.
    for (let capacity = used; capacity < used + 5000; capacity += 97) {
      const after = store.crash(() => 1);
      const full = await after.open();
      after.disk.capacity = capacity;
      await expect(full.putMany(more)).rejects.toMatchObject({
        code: "DISK_FULL",
        message: expect.stringContaining("/store/blobs/blobs-0000"),
      });
      const has = await full.hasMany("data", namesOf(more));
      const listed = (await listings(full, "data")).flatMap(({ records, torn }) => [records.length, torn]);
      expect(listed).not.toContainEqual(expect.objectContaining({ torn: expect.anything() }));
      const present = more.filter((_, index) => has[index] === 1);
      const there = [...before, ...present];
      expect((await full.getMany("data", namesOf(there))).map(fingerprint)).toEqual(there.map(fingerprint));
      after.disk.capacity = Number.POSITIVE_INFINITY;
      await full.putMany(more);
      await full.flush();
      const reopened = await after.crash().open();
      const all = [...before, ...more];
      expect((await reopened.getMany("data", namesOf(all))).map(fingerprint)).toEqual(all.map(fingerprint));
      expect((await listings(reopened, "data")).flatMap(({ damaged }) => damaged)).toEqual([]);
    }
  });

  test("a put that shares records with a failing one fails, too", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const records = sampleRecords(createRandom(seed), "sha256", 3, { kind: "data" });
    store.disk.fault = failOnce("write", "EIO");
    const results = await Promise.allSettled([backend.putMany(records), backend.putMany(records.slice(1))]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect([...(await backend.hasMany("data", namesOf(records)))]).toEqual([0, 0, 0]);
    await backend.putMany(records);
    await backend.flush();
    expect(await backend.getMany("data", namesOf(records))).toEqual(records);
  });

  test("when even cutting back fails, the pack is sealed and a new one begun", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const [first, second, third] = sampleRecords(createRandom(seed), "sha256", 3, {
      kind: "data",
      payloadLength: 100,
    });
    await backend.putMany([first!]);
    store.disk.capacity = 280;
    store.disk.fault = failOnce("truncate", "EIO");
    await expect(backend.putMany([second!])).rejects.toMatchObject({ code: "DISK_FULL" });
    store.disk.capacity = Number.POSITIVE_INFINITY;
    await backend.putMany([third!]);
    await backend.flush();
    const [info] = await backend.statMany("data", [third!.name]);
    expect(info!.pack).toBe("blobs-00002");
    const reopened = await store.crash(() => 1).open();
    expect(await reopened.getMany("data", namesOf([first!, second!, third!]))).toEqual([first, null, third]);
  });

  test.each(["EIO", "ENOSPC"])(
    "after a failed sync (%s) un-synced records are lost, and the pack is left behind",
    async (code) => {
      const store = simulatedStore();
      const backend = await store.open();
      const random = createRandom(seed);
      const [kept, lost, lostToo, later] = sampleRecords(random, "sha256", 4, {
        kind: "data",
        payloadLength: 100,
      });
      await backend.putMany([kept!]);
      await backend.flush();
      const durable = store.disk.content("/store/blobs/blobs-00001")!;
      await backend.putMany([lost!]);
      store.disk.fault = failOnce("sync", code);
      const flushes = [backend.flush(["data"])];
      const put = backend.putMany([lostToo!]).catch((error: unknown) => error);
      flushes.push(backend.flush(["data"]));
      for (const result of await Promise.allSettled(flushes)) {
        expect(result).toMatchObject({
          status: "rejected",
          reason: {
            code: code === "EIO" ? "BACKEND_UNAVAILABLE" : "DISK_FULL",
            fields: { path: "/store/blobs/blobs-00001" },
          },
        });
      }
      await put;
      expect([...(await backend.hasMany("data", namesOf([kept!, lost!])))]).toEqual([1, 0]);
      expect(backend.counters()["records-lost"]).toBeGreaterThan(0);
      await backend.putMany([lost!, later!]);
      await backend.flush();
      expect(store.disk.content("/store/blobs/blobs-00001")).toEqual(durable);
      expect(await backend.getMany("data", namesOf([kept!, lost!, later!]))).toEqual([kept, lost, later]);
      const reopened = await store.crash().open();
      expect(await reopened.getMany("data", namesOf([kept!, lost!, later!]))).toEqual([kept, lost, later]);
    },
  );

  test("a write that was under way while the sync failed fails as well", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const [first, second] = sampleRecords(createRandom(seed), "sha256", 2, {
      kind: "data",
      payloadLength: 100,
    });
    await backend.putMany([first!]);
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.disk.delay = (operation) => (operation === "write" ? held : null);
    const put = backend.putMany([second!]);
    store.disk.fault = failOnce("sync", "EIO");
    await expect(backend.flush()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    release();
    await expect(put).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    expect([...(await backend.hasMany("data", namesOf([first!, second!])))]).toEqual([0, 0]);
    await backend.putMany([first!, second!]);
    await backend.flush();
    const reopened = await store.crash().open();
    expect(await reopened.getMany("data", namesOf([first!, second!]))).toEqual([first, second]);
  });

  test("a directory whose sync failed is synced by the next flush", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const [first, fits, next] = sampleRecords(createRandom(seed), "sha256", 3, {
      kind: "data",
      payloadLength: 2000,
    });
    fits!.payload = fits!.payload.subarray(0, 100);
    await backend.putMany([first!]);
    await backend.flush();
    await backend.putMany([fits!]);
    // Of the next pack the header is written, then the disk is full.
    store.disk.capacity = store.disk.content("/store/blobs/blobs-00001")!.length + 64;
    await expect(backend.putMany([next!])).rejects.toMatchObject({ code: "DISK_FULL" });
    store.disk.capacity = Number.POSITIVE_INFINITY;
    store.disk.fault = failOnce("syncDirectory", "EIO");
    await expect(backend.flush()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    await backend.putMany([next!]);
    await backend.flush();
    const reopened = await store.crash().open();
    expect((await reopened.getMany("data", [next!.name])).map(fingerprint)).toEqual([fingerprint(next!)]);
  });

  test("when a new pack's directory cannot be synced, the pack's records are lost and told so", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const records = sampleRecords(createRandom(seed), "sha256", 3, { kind: "node" });
    await backend.putMany(records);
    store.disk.fault = failOnce("syncDirectory", "EIO");
    await expect(backend.flush()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    expect([...(await backend.hasMany("node", namesOf(records)))]).toEqual([0, 0, 0]);
    await backend.putMany(records);
    await backend.flush();
    const reopened = await store.crash().open();
    expect(await reopened.getMany("node", namesOf(records))).toEqual(records);
  });

  test("an index that cannot be written loses nothing: the next flush writes it", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const index = [...store.indexes.values()][0]!;
    const { write } = index;
    const records = sampleRecords(createRandom(seed), "sha256", 3, { kind: "data" });
    await backend.putMany(records);
    index.write = () => Promise.reject(systemError("EIO"));
    await expect(backend.flush()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    index.write = write;
    expect(await backend.getMany("data", namesOf(records))).toEqual(records);
    await backend.flush();
    const reopened = await store.crash().open();
    expect(await reopened.getMany("data", namesOf(records))).toEqual(records);
  });

  test("a failed read of one handle does not stop the next", async () => {
    const store = simulatedStore();
    const backend = await store.open();
    const records = sampleRecords(createRandom(seed), "sha256", 3, { kind: "data" });
    await backend.putMany(records);
    store.disk.fault = failOnce("open", "EMFILE");
    await expect(backend.getMany("data", namesOf(records))).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
    });
    expect(await backend.getMany("data", namesOf(records))).toEqual(records);
  });

  test.skipIf(process.getuid?.() !== 0)("a real full disk: a tmpfs of 1 MiB", async ({ skip }) => {
    const directory = mkdtempSync(join(tmpdir(), "datadb-full-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory], { stdio: "ignore" });
    } catch {
      rmSync(directory, { recursive: true });
      skip("this system does not let root mount a tmpfs");
    }
    try {
      const index = createMemoryIndex();
      const context = {
        storeId: SIMULATED_STORE_ID,
        hash: "sha256" as const,
        directory,
        index: () => index,
        warn: () => {},
      };
      const backend = await openBackend({ blobsfile: { path: "blobs" } }, context);
      const random = createRandom(seed);
      const small = sampleRecords(random, "sha256", 20, { kind: "data", payloadLength: 10_000 });
      const large = sampleRecords(random, "sha256", 20, { kind: "data", payloadLength: 100_000 });
      await backend.putMany(small);
      await expect(backend.putMany(large)).rejects.toMatchObject({ code: "DISK_FULL" });
      await backend.flush();
      expect(await backend.getMany("data", namesOf(small))).toEqual(small);
      await backend.close();
      const reopened = await openBackend({ blobsfile: { path: "blobs" } }, context);
      expect(await reopened.getMany("data", namesOf([...small, ...large]))).toEqual([
        ...small,
        ...large.map(() => null),
      ]);
      await reopened.close();
    } finally {
      // Lazily: after a failed expectation the backend may still hold files.
      execFileSync("umount", ["-l", directory]);
      rmSync(directory, { recursive: true });
    }
  });
});
