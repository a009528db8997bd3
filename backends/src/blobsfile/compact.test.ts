/** Space of removed records comes back, whatever happens meanwhile. */
import type { BlobRecord } from "@datadb/protocol";
import { describe, expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import { fingerprint, sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { SIMULATED_DIRECTORY, type SimulatedStore, simulatedStore } from "../suite/simulated-store.ts";

const seed = runSeed();
const random = createRandom(seed);
const BLOBS = `${SIMULATED_DIRECTORY}/blobs`;

const namesOf = (records: readonly BlobRecord[]): Buffer[] => records.map(({ name }) => name);

async function diskBytes({ disk }: SimulatedStore): Promise<number> {
  let bytes = 0;
  for (const file of await disk.list(BLOBS)) bytes += (await disk.stat(`${BLOBS}/${file}`))?.size ?? 0;
  return bytes;
}

/** 60 records of 500 bytes in packs of 4 KiB, of which every second is removed. */
async function halfRemoved(): Promise<{
  store: SimulatedStore;
  backend: Backend;
  kept: BlobRecord[];
  gone: BlobRecord[];
}> {
  const store = simulatedStore();
  const backend = await store.open();
  const records = sampleRecords(random, "sha256", 60, { kind: "data", encoding: "raw", payloadLength: 500 });
  await backend.putMany(records);
  await backend.flush();
  const gone = records.filter((_, at) => at % 2 === 0);
  await backend.removeMany("data", namesOf(gone));
  return { store, backend, kept: records.filter((_, at) => at % 2 === 1), gone };
}

async function expectOnly(
  backend: Backend,
  kept: readonly BlobRecord[],
  gone: readonly BlobRecord[],
): Promise<void> {
  expect(await backend.getMany("data", namesOf(kept)), `seed ${seed}`).toEqual(kept);
  expect([...(await backend.hasMany("data", namesOf(gone)))]).toEqual(gone.map(() => 0));
}

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

test("readers, puts and removals go on meanwhile", async () => {
  const { store, backend, kept, gone } = await halfRemoved();
  const later = sampleRecords(random, "sha256", 40, { kind: "data", encoding: "raw", payloadLength: 400 });
  let running = true;
  const reading = (async () => {
    while (running) expect(await backend.getMany("data", namesOf(kept.slice(4)))).toEqual(kept.slice(4));
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
  await reading;
  await backend.flush();
  await expectOnly(
    backend,
    [...kept.slice(4), ...later, ...gone.slice(0, 3)],
    [...kept.slice(0, 4), ...gone.slice(3)],
  );
  await backend.close();
  await expectOnly(
    await store.open(),
    [...kept.slice(4), ...later, ...gone.slice(0, 3)],
    [...kept.slice(0, 4), ...gone.slice(3)],
  );
});

test("what is replaced or found to be damaged meanwhile is not what the index said at the beginning", async () => {
  for (let round = 0; round < 8; round++) {
    const { store, backend, kept, gone } = await halfRemoved();
    const replaced = kept.slice(0, 5).map((record) => ({ ...record, payload: random.bytes(100) }));
    const [distrusted] = kept.slice(5, 6);
    let operations = 0;
    const changes: Promise<void>[] = [];
    const when = random.integer(40);
    store.disk.fault = () => {
      if (operations++ !== when) return null;
      changes.push(backend.replaceMany("data", replaced));
      changes.push(backend.distrustMany("data", [distrusted!.name]));
      return null;
    };
    await backend.compact({ unused: 0 });
    await Promise.all(changes);
    store.disk.fault = null;
    await backend.flush();
    const context = `seed ${seed}, round ${round}, operation ${when}`;
    const now = changes.length === 0 ? kept : [...replaced, ...kept.slice(5)];
    expect(await backend.getMany("data", namesOf(now)), context).toEqual(now);
    await expectOnly(backend, kept.slice(6), gone);
    await backend.close();
    const again = await store.open();
    expect(await again.getMany("data", namesOf(now)), context).toEqual(now);
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

describe("a power cut, a full disk or a failing one at any operation", () => {
  test.each(["crash", "full", "fault"] as const)(
    "%s: nothing is lost, and the next run ends what was begun",
    async (kind) => {
      for (let at = 0; at < 400; at += 1 + random.integer(6)) {
        const { store, backend, kept, gone } = await halfRemoved();
        let operations = 0;
        let found: SimulatedStore | null = null;
        store.disk.fault = (operation) => {
          operations += 1;
          // What cannot be read counts as damaged, and stays where it is.
          if (operations < at || ["open", "read", "list"].includes(operation)) return null;
          if (kind === "crash") found ??= store.crash(() => random.integer(3) / 2);
          else if (operations === at)
            return Object.assign(new Error("no"), { code: kind === "full" ? "ENOSPC" : "EIO" });
          return null;
        };
        const ended = await backend.compact({ unused: 0 }).then(
          () => true,
          () => false,
        );
        store.disk.fault = null;
        if (kind === "crash" ? found === null : operations < at) break;
        const context = `seed ${seed}, operation ${at}, ended ${ended}`;
        const later: SimulatedStore = found ?? store;
        if (kind !== "crash") {
          await expectOnly(backend, kept, gone);
          await backend.close();
        }
        const again = await later.open();
        expect(await again.getMany("data", namesOf(kept)), context).toEqual(kept);
        expect(again.counters()["packs-lost"], context).toBe(0);
        await again.removeMany("data", namesOf(gone));
        const summary = await again.compact({ unused: 0 });
        expect(summary.unused, context).toBe(0);
        expect(await again.getMany("data", namesOf(kept)), context).toEqual(kept);
        expect(await diskBytes(later), context).toBeLessThan(30 * 650 + 20 * 64);
        await again.close();
      }
    },
  );
});

describe("a disk without room for the copies of one pack", () => {
  /** One pack of 100 records of 500 bytes, and which of them are removed. */
  async function filled(isGone: (at: number) => boolean) {
    const store = simulatedStore();
    const config = { blobsfile: { path: "blobs", maxPackBytes: 65_536 } };
    const backend = await store.open(config);
    const records = sampleRecords(random, "sha256", 100, {
      kind: "data",
      encoding: "raw",
      payloadLength: 500,
    });
    await backend.putMany(records);
    await backend.flush();
    const gone = records.filter((_, at) => isGone(at));
    await backend.removeMany("data", namesOf(gone));
    const kept = records.filter((_, at) => !isGone(at));
    return { store, config, backend, kept, gone };
  }

  const PLACES: [string, (at: number) => boolean][] = [
    ["at its end", (at) => at >= 30],
    ["at its beginning", (at) => at < 70],
    ["everywhere", (at) => at % 5 > 0],
    ["in the middle", (at) => at >= 10 && at < 90],
  ];

  test.each(PLACES)("what is removed %s comes back", async (_, isGone) => {
    const { store, config, backend, kept, gone } = await filled(isGone);
    const before = await diskBytes(store);
    store.disk.capacity = before + 2000;
    const summary = await backend.compact({ unused: 0.1 });
    const after = await diskBytes(store);
    expect(after, `seed ${seed}`).toBeLessThan(kept.length * 600 + 200);
    expect(summary).toMatchObject({ packs: 1, unused: 0 });
    expect(Math.abs(summary.returned - (before - after))).toBeLessThan(200);
    await expectOnly(backend, kept, gone);
    await backend.close();
    const again = await store.open(config);
    await expectOnly(again, kept, gone);
    expect(store.warnings).toEqual([]);
    expect((await again.reindex()).records).toBe(kept.length);
  });

  test("readers go on meanwhile", async () => {
    const { store, backend, kept } = await filled((at) => at % 3 > 0);
    store.disk.capacity = (await diskBytes(store)) + 2000;
    let running = true;
    const names = namesOf(kept);
    const expected = kept.map(fingerprint);
    const reading = Array.from({ length: 3 }, async () => {
      while (running)
        expect((await backend.getMany("data", names)).map((found) => fingerprint(found!))).toEqual(expected);
    });
    const listing = (async () => {
      while (running)
        for await (const { damaged, torn } of backend.list("data"))
          expect([damaged, torn]).toEqual([[], undefined]);
    })();
    await backend.compact({ unused: 0 });
    running = false;
    await Promise.all([...reading, listing]);
    await backend.close();
  });

  test.each(["crash", "full", "fault"] as const)(
    "%s at any operation: nothing is lost, nothing comes back, and the next run ends what was begun",
    async (kind) => {
      const [, isGone] = PLACES[random.integer(PLACES.length)]!;
      for (let at = 0; at < 2000; at += 1 + random.integer(25)) {
        const { store, config, backend, kept, gone } = await filled(isGone);
        store.disk.capacity = (await diskBytes(store)) + 2000;
        let operations = 0;
        let found: SimulatedStore | null = null;
        store.disk.fault = (operation) => {
          operations += 1;
          if (operations < at || ["open", "read", "list"].includes(operation)) return null;
          if (kind === "crash") found ??= store.crash(() => random.integer(3) / 2);
          else if (operations === at)
            return Object.assign(new Error("no"), { code: kind === "full" ? "ENOSPC" : "EIO" });
          return null;
        };
        await backend.compact({ unused: 0 }).catch(() => {});
        store.disk.fault = null;
        if (kind === "crash" ? found === null : operations < at) break;
        const context = `seed ${seed}, operation ${at}`;
        const later: SimulatedStore = found ?? store;
        if (kind !== "crash") {
          await expectOnly(backend, kept, gone);
          await backend.close();
        }
        const again = await later.open(config);
        await expectOnly(again, kept, gone);
        expect(again.counters()["packs-lost"], context).toBe(0);
        later.disk.capacity = (await diskBytes(later)) + 2000;
        await again.compact({ unused: 0 });
        await expectOnly(again, kept, gone);
        expect(await diskBytes(later), context).toBeLessThan(kept.length * 600 + 1000);
        await again.close();
      }
    },
  );
});
