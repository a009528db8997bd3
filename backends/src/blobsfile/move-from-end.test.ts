/** A disk without room for the copies of one pack: it is emptied from its end on. */
import { expect, test } from "vitest";
import { fingerprint } from "../suite/sample-records.ts";
import {
  compactDuring,
  diskBytes,
  expectOnly,
  namesOf,
  REMOVED,
  random,
  seed,
  withoutRoom,
} from "./compact-world.ts";

test.each(REMOVED)("what is removed %s comes back", async (_, isGone) => {
  const { store, config, backend, kept, gone } = await withoutRoom(isGone);
  const before = await diskBytes(store);
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
  const { backend, kept } = await withoutRoom((at) => at % 3 > 0);
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

test("what is replaced or removed while it is read stays so", async () => {
  for (let when = 0; when < 400; when += 1 + random.integer(20)) {
    const world = await withoutRoom((at) => at % 3 > 0);
    const { store, config, backend, kept, gone } = world;
    // For what is put meanwhile; still much less than is kept free.
    store.disk.capacity += 20_000;
    const replaced = kept
      .filter((_, at) => at % 3 === 0)
      .map((record) => ({ ...record, payload: random.bytes(100) }));
    const removed = kept.filter((_, at) => at % 3 === 1);
    const done = await compactDuring(world, when, () => [
      backend.replaceMany("data", replaced),
      backend.removeMany("data", namesOf(removed)),
    ]);
    if (!done) break;
    await backend.flush();
    const context = `seed ${seed}, operation ${when}`;
    const now = [...replaced, ...kept.filter((_, at) => at % 3 === 2)];
    await expectOnly(backend, now, [...gone, ...removed], context);
    await backend.close();
    const again = await store.open(config);
    await expectOnly(again, now, [...gone, ...removed], context);
    await again.close();
  }
});

test("a reader that does not end holds up nobody who gives up", async () => {
  const { store, config, backend, kept, gone } = await withoutRoom((at) => at % 3 > 0);
  let goOn = (): void => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const reading = backend.withPlaces!("data", namesOf(kept), () => held);
  const giveUp = new AbortController();
  // By then it waits for the reader, or gives up sooner.
  setTimeout(() => giveUp.abort(new Error("enough")), 100);
  await expect(backend.compact({ unused: 0, signal: giveUp.signal })).rejects.toThrow("enough");
  await expectOnly(backend, kept, gone);
  goOn();
  await reading;
  await backend.compact({ unused: 0 });
  await expectOnly(backend, kept, gone);
  await backend.close();
  const again = await store.open(config);
  await expectOnly(again, kept, gone);
  await again.close();
});
