/** An index whose writes take their time: what is removed or distrusted while records move is so afterwards, and nothing else is lost. */
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createMemoryIndex, type MemoryIndex } from "../memory-index.ts";
import { sampleRecords } from "../suite/sample-records.ts";
import { simulatedStore } from "../suite/simulated-store.ts";
import { compactDuring, expectOnly, halfRemoved, namesOf, random, seed } from "./compact-world.ts";

const ROUNDS = 60;

/** Writes are seen, in order, some turns of the event loop after they were begun. */
function slowIndex(): MemoryIndex {
  const memory = createMemoryIndex();
  let last: Promise<void> = Promise.resolve();
  return {
    ...memory,
    write(...changes) {
      const turns = random.integer(12);
      last = last.then(async () => {
        for (let turn = 0; turn < turns; turn++) await setImmediate();
        await memory.write(...changes);
      });
      return last;
    },
  };
}

test("removals, replacements and doubts meet records on their way", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const store = simulatedStore();
    store.indexes.set("blobsfile:blobs", slowIndex());
    const room = random.integer(2) === 0 ? Number.POSITIVE_INFINITY : 1_000_000;
    store.disk.capacity = room;
    const backend = await store.open();
    const wishes = { kind: "data", encoding: "raw", payloadLength: 500 } as const;
    const records = sampleRecords(random, "sha256", 60, wishes);
    await backend.putMany(records);
    await backend.flush();
    const part = (of: number): typeof records => records.filter((_, at) => at % 4 === of);
    const [gone, removed, doubted] = [part(0), part(1), part(2)];
    await backend.removeMany("data", namesOf(gone));
    const compacting = backend.compact({ unused: 0 });
    for (const [at, record] of removed.entries()) {
      for (let turn = random.integer(30); turn > 0; turn--) await setImmediate();
      const replaced = { ...record, payload: random.bytes(100) };
      const replacing = random.integer(2) === 0 ? backend.replaceMany("data", [replaced]) : undefined;
      const removing = backend.removeMany("data", [record.name]);
      for (let turn = random.integer(10); turn > 0; turn--) await setImmediate();
      await Promise.all([
        removing,
        replacing ?? backend.replaceMany("data", [replaced]),
        backend.distrustMany("data", namesOf(doubted.slice(at, at + 1))),
      ]);
      expect([...(await backend.hasMany("data", namesOf(doubted.slice(at, at + 1))))]).toEqual([0]);
    }
    await compacting;
    await backend.flush();
    const context = `seed ${seed}, round ${round}, room ${room}`;
    // What is doubted is absent for writers, and read all the same.
    await expectOnly(backend, [...doubted, ...part(3)], [...gone, ...removed, ...doubted], context);
    await backend.close();
  }
});

test("an index that is made anew meanwhile has all records where they are", async () => {
  for (let when = 0; when < 120; when += 1 + random.integer(4)) {
    const world = await halfRemoved();
    const { backend, store, kept } = world;
    if (!(await compactDuring(world, when, () => [backend.reindex()]))) break;
    const context = `seed ${seed}, operation ${when}`;
    await expectOnly(backend, kept, [], context);
    await backend.close();
    const again = await store.open();
    await expectOnly(again, kept, [], context);
    expect(again.counters()["packs-lost"], context).toBe(0);
    await again.close();
  }
});

test("compactions that are asked for at once come one after the other", async () => {
  const { backend, kept, gone } = await halfRemoved();
  const summaries = await Promise.all([backend.compact({ unused: 0 }), backend.compact({ unused: 0 })]);
  expect(summaries.map(({ packs }) => packs > 4)).toEqual([true, false]);
  const first = backend.compact({ unused: 0 });
  const second = backend.compact({ unused: 0, signal: AbortSignal.abort(new Error("not any more")) });
  await expect(second).rejects.toThrow("not any more");
  await first;
  await expectOnly(backend, kept, gone);
  await backend.close();
});

test("what is copied, then replaced, then removed before a flush does not come back", async () => {
  const store = simulatedStore();
  const backend = await store.open({ blobsfile: { path: "blobs", maxPackBytes: 1 << 24 } });
  const wishes = { kind: "data", encoding: "raw", payloadLength: 100_000 } as const;
  const records = sampleRecords(random, "sha256", 40, wishes);
  await backend.putMany(records);
  await backend.flush();
  await backend.removeMany("data", namesOf(records.slice(20)));
  const removed = records.slice(0, 3);
  let reads = 0;
  store.disk.delay = (operation) => {
    // What came with the first one is copied, and waits for others.
    if (operation !== "read" || ++reads !== 3) return null;
    const replaced = removed.map((record) => ({ ...record, payload: random.bytes(100) }));
    return backend.replaceMany("data", replaced).then(() => backend.removeMany("data", namesOf(removed)));
  };
  await backend.compact({ unused: 0 });
  expect(reads).toBeGreaterThan(2);
  await expectOnly(backend, records.slice(3, 20), [...removed, ...records.slice(20)]);
  await backend.close();
});
