/** Space of removed records comes back, whatever happens meanwhile. */
import type { BlobRecord } from "@datadb/protocol";
import { expect, test } from "vitest";
import { sampleRecords } from "../suite/sample-records.ts";
import { simulatedStore } from "../suite/simulated-store.ts";
import {
  BLOBS,
  compactDuring,
  diskBytes,
  expectOnly,
  halfRemoved,
  namesOf,
  random,
  seed,
} from "./compact-world.ts";

test("packs with removed records are rewritten, and the bytes returned", async () => {
  const { store, backend, kept, gone } = await halfRemoved();
  const before = await diskBytes(store);
  const summary = await backend.compact({ unused: 0 });
  const after = await diskBytes(store);
  expect(summary).toMatchObject({ unused: 0 });
  expect(summary.packs).toBeGreaterThan(4);
  // What is returned is less by the headers of the packs that the copies are in.
  expect(before - after).toBeGreaterThan(30 * 500);
  expect(Math.abs(summary.returned - (before - after))).toBeLessThan(20 * 64);
  await expectOnly(backend, kept, gone);
  await backend.close();
  const again = await store.open();
  await expectOnly(again, kept, gone);
  expect(store.warnings).toEqual([]);
  expect(again.counters()["packs-lost"]).toBe(0);
  expect((await again.reindex()).records).toBe(kept.length);
  await expectOnly(again, kept, gone);
});

test("a threshold leaves packs with little waste alone, and says how much is left", async () => {
  const { backend, kept, gone } = await halfRemoved();
  const summary = await backend.compact({ unused: 0.9 });
  expect(summary.packs).toBe(0);
  expect(summary.unused).toBeGreaterThan(30 * 500);
  await expectOnly(backend, kept, gone);
  await backend.close();
});

test("dead packs are deleted, and their numbers never given again", async () => {
  const store = simulatedStore();
  let backend = await store.open();
  const records = sampleRecords(random, "sha256", 30, { kind: "data", encoding: "raw", payloadLength: 500 });
  await backend.putMany(records);
  await backend.flush();
  const numbers = (await store.disk.list(BLOBS)).sort();
  await backend.removeMany("data", namesOf(records));
  const summary = await backend.compact({ unused: 0 });
  expect(summary).toMatchObject({ packs: numbers.length, rewritten: 0 });
  expect(await store.disk.list(BLOBS)).toEqual([]);
  for (let round = 0; round < 2; round++) {
    await backend.close();
    backend = await store.open();
  }
  await backend.putMany(records.slice(0, 1));
  await backend.flush();
  expect((await store.disk.list(BLOBS)).every((file) => file > numbers.at(-1)!)).toBe(true);
  await backend.close();
});

test("short packs are merged, log packs never", async () => {
  const store = simulatedStore();
  const kept: BlobRecord[] = [];
  for (let round = 0; round < 5; round++) {
    const backend = await store.open({ blobsfile: { path: "blobs", maxPackBytes: 1024 } });
    const some = (["data", "log"] as const).flatMap((kind) =>
      sampleRecords(random, "sha256", 4, { kind, encoding: "raw", payloadLength: 300 }),
    );
    kept.push(...some);
    await backend.putMany(some);
    await backend.close();
  }
  const backend = await store.open({ blobsfile: { path: "blobs", maxPackBytes: 1 << 20 } });
  const packs = async (prefix: string): Promise<number> =>
    (await store.disk.list(BLOBS)).filter((file) => file.startsWith(prefix)).length;
  const [data, log] = [await packs("blobs-"), await packs("log-")];
  expect(data).toBeGreaterThan(2);
  await backend.compact({ unused: 0.5 });
  expect(await packs("blobs-")).toBeLessThanOrEqual(2);
  expect(await packs("log-")).toBe(log);
  for (const record of kept) expect(await backend.getMany(record.kind, [record.name])).toEqual([record]);
  await backend.close();
});

test("readers, lists, puts and removals go on meanwhile", async () => {
  const { store, backend, kept, gone } = await halfRemoved();
  const later = sampleRecords(random, "sha256", 40, { kind: "data", encoding: "raw", payloadLength: 400 });
  let running = true;
  const reading = (async () => {
    while (running) await expectOnly(backend, kept.slice(4), []);
  })();
  const listing = (async () => {
    while (running) {
      expect((await backend.packs("data")).filter(({ header }) => header !== undefined)).toEqual([]);
      for await (const { damaged, torn } of backend.list("data"))
        expect([damaged, torn]).toEqual([[], undefined]);
    }
  })();
  const writing = (async () => {
    for (const record of later) {
      await backend.putMany([record]);
      if (random.integer(4) === 0) await backend.flush();
    }
    await backend.removeMany("data", namesOf(kept.slice(0, 4)));
    // What was removed can come back.
    await backend.putMany(gone.slice(0, 3));
  })();
  await backend.compact({ unused: 0 });
  await writing;
  running = false;
  await Promise.all([reading, listing]);
  await backend.flush();
  const now = [...kept.slice(4), ...later, ...gone.slice(0, 3)];
  const absent = [...kept.slice(0, 4), ...gone.slice(3)];
  await expectOnly(backend, now, absent);
  await backend.close();
  await expectOnly(await store.open(), now, absent);
});

test("a list goes on behind packs that are deleted meanwhile", async () => {
  const { backend, kept } = await halfRemoved();
  const listed = new Set<string>();
  let compacted = false;
  for await (const { records } of backend.list("data")) {
    for (const { name } of records) listed.add(name.toString("hex"));
    if (!compacted) await backend.compact({ unused: 0 });
    compacted = true;
  }
  expect(listed.size).toBeGreaterThan(0);
  expect((await backend.packs("data")).length).toBeGreaterThan(0);
  await expectOnly(backend, kept, []);
  await backend.close();
});

test("a deleted pack is not held open, so that its space is free", async () => {
  const { store, backend, kept } = await halfRemoved();
  const { disk } = store;
  const held = new Map<string, number>();
  const count = (path: string, by: number): void => void held.set(path, (held.get(path) ?? 0) + by);
  const { open } = disk;
  disk.open = async (path, mode) => {
    const file = await open(path, mode);
    count(path, 1);
    return { ...file, close: () => file.close().finally(() => count(path, -1)) };
  };
  // A reader that has looked up all of them, and comes to the later ones when they are being deleted.
  let goOn = (): void => {};
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  let opens = 0;
  let reading: Promise<unknown> | null = null;
  disk.delay = (operation) => {
    if (operation === "open" && opens++ < 4) return gate;
    if (operation !== "unlink") return null;
    goOn();
    return Promise.resolve(reading).then(() => undefined);
  };
  reading = backend.getMany("data", namesOf(kept));
  await backend.compact({ unused: 0 });
  await reading;
  disk.delay = null;
  const there = new Set((await disk.list(BLOBS)).map((file) => `${BLOBS}/${file}`));
  expect([...held].filter(([path, files]) => files > 0 && !there.has(path))).toEqual([]);
  await backend.close();
  expect([...held.values()].every((files) => files === 0)).toBe(true);
});

test("what is replaced or found to be damaged meanwhile is not what the index said at the beginning", async () => {
  for (let round = 0; round < 8; round++) {
    const world = await halfRemoved();
    const { store, backend, kept, gone } = world;
    const replaced = kept.slice(0, 5).map((record) => ({ ...record, payload: random.bytes(100) }));
    const when = random.integer(40);
    const changed = await compactDuring(world, when, () => [
      backend.replaceMany("data", replaced),
      backend.distrustMany("data", namesOf(kept.slice(5, 6))),
    ]);
    await backend.flush();
    const context = `seed ${seed}, round ${round}, operation ${when}`;
    const now = changed ? [...replaced, ...kept.slice(5)] : kept;
    const distrusted = changed ? kept.slice(5, 6) : [];
    await expectOnly(backend, now, [...gone, ...distrusted], context);
    await backend.close();
    const again = await store.open();
    await expectOnly(again, now, [...gone, ...distrusted], context);
    await again.close();
  }
});

test("a pack with damage is left as it is", async () => {
  const { store, backend, kept } = await halfRemoved();
  const [info] = await backend.statMany("data", [kept[0]!.name]);
  const path = `${BLOBS}/${info!.pack}`;
  const content = Buffer.from(store.disk.content(path)!);
  content[info!.offset + 60]! ^= 1;
  store.disk.overwrite(path, content);
  await backend.compact({ unused: 0 });
  expect(store.disk.content(path)).toEqual(content);
  for (const record of kept.slice(1)) expect(await backend.getMany("data", [record.name])).toEqual([record]);
  await backend.close();
});
