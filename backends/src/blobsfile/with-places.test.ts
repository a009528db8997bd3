import { mkdtempSync, readSync, rmSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlobRecord, decodeRecord, type RecordPlace } from "@datadb/protocol";
import { afterAll, expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import { createMemoryIndex } from "../memory-index.ts";
import { nodeFileSystem } from "../node-file-system.ts";
import { openBackend } from "../open-backend.ts";
import { fingerprint, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { SIMULATED_STORE_ID, simulatedStore } from "../suite/simulated-store.ts";

const seed = runSeed();
const directory = mkdtempSync(join(tmpdir(), "datadb-places-"));
afterAll(() => rmSync(directory, { recursive: true }));

const open = (name: string, index = createMemoryIndex(), fs = nodeFileSystem): Promise<Backend> =>
  openBackend(
    { blobsfile: { path: "blobs", maxPackBytes: 4096 } },
    {
      storeId: SIMULATED_STORE_ID,
      hash: "sha256",
      directory: join(directory, name),
      index: () => index,
      warn: () => undefined,
      recovered: () => undefined,
      fs,
    },
  );

function readAt({ fd, offset, size }: RecordPlace): BlobRecord {
  const bytes = Buffer.alloc(size);
  expect(readSync(fd, bytes, 0, size, offset)).toBe(size);
  const found = decodeRecord(bytes, 0, 32);
  expect(found.size).toBe(size);
  return found.record;
}

test(`records lie where they are said to lie, as long as they are used (seed ${seed})`, async () => {
  const backend = await open("some");
  const records = sampleRecords(createRandom(seed), "sha256", 100, { kind: "data", payloadLength: 300 });
  await backend.putMany(records);
  const names = [Buffer.alloc(32, 1), ...records.map(({ name }) => name)];
  const found = await backend.withPlaces!("data", names, async ([absent, ...places]) => {
    expect(absent).toBe(null);
    // As many packs as these must all be open at once; and more readers than the first may come.
    await Promise.all(records.slice(0, 5).map(({ name }) => backend.getMany("data", [name])));
    return places.map((place) => (place === null ? null : fingerprint(readAt(place))));
  });
  // What has a base can only be decoded with other records.
  expect(found).toEqual(records.map((record) => (record.base === null ? fingerprint(record) : null)));
  await expect(backend.withPlaces!("data", names, () => Promise.reject(new Error("mine")))).rejects.toThrow(
    "mine",
  );
  await backend.close();
  expect(backend.counters()["open-fds"]).toBe(0);
});

test("what is distrusted or in a pack that is gone has no place", async () => {
  const index = createMemoryIndex();
  const before = await open("less", index);
  const records = sampleRecords(createRandom(seed), "sha256", 60, {
    kind: "data",
    payloadLength: 300,
  }).filter(({ base }) => base === null);
  await before.putMany(records);
  const [gone] = await before.packs("data");
  await before.close();
  await unlink(join(directory, "less", "blobs", gone!.pack));
  const backend = await open("less", index);
  await backend.distrustMany("data", [records.at(-1)!.name]);
  const names = records.map(({ name }) => name);
  const known = await backend.statMany("data", names);
  const places = await backend.withPlaces!("data", names, async (all) => all.map((place) => place !== null));
  expect(places).toEqual(known.map((info) => info !== null && info.pack !== gone!.pack));
  expect(places).toContain(true);
  await backend.close();
});

test("a pack is cut only when nobody reads there any more; who comes later is told where the records are then", async () => {
  const full = { ...nodeFileSystem, freeBytes: async () => 0 };
  const backend = await open("cut", createMemoryIndex(), full);
  const records = sampleRecords(createRandom(seed), "sha256", 60, {
    kind: "data",
    encoding: "raw",
    payloadLength: 300,
  });
  await backend.putMany(records);
  await backend.flush();
  const kept = records.filter((_, at) => at % 4 === 0);
  await backend.removeMany(
    "data",
    records.filter((_, at) => at % 4 > 0).map(({ name }) => name),
  );
  const names = kept.map(({ name }) => name);
  const read = (places: readonly (RecordPlace | null)[]): string[] =>
    places.map((place) => (place === null ? "nowhere" : fingerprint(readAt(place))));
  let compacting: Promise<unknown> = Promise.resolve();
  let ended = false;
  const found = await backend.withPlaces!("data", names, async (places) => {
    compacting = backend.compact({ unused: 0 }).then(() => {
      ended = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ended).toBe(false);
    return read(places);
  });
  expect(found).toEqual(kept.map(fingerprint));
  while (!ended) {
    const during = await backend.withPlaces!("data", names, async (places) => {
      await new Promise((resolve) => setImmediate(resolve));
      return read(places);
    });
    for (const [at, one] of during.entries()) expect(["nowhere", fingerprint(kept[at]!)]).toContain(one);
  }
  await compacting;
  expect(await backend.withPlaces!("data", names, async (places) => read(places))).toEqual(
    kept.map(fingerprint),
  );
  await backend.close();
  expect(backend.counters()["open-fds"]).toBe(0);
});

test("a disk without descriptors has no places", async () => {
  const backend = await simulatedStore().open();
  const records = sampleRecords(createRandom(seed), "sha256", 3, { kind: "data" });
  await backend.putMany(records);
  const places = await backend.withPlaces!(
    "data",
    records.map(({ name }) => name),
    async (all) => all,
  );
  expect(places).toEqual([null, null, null]);
  await backend.close();
});
