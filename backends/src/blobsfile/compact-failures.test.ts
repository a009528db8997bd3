/** A power cut, a full disk or a failing one at any operation of a compaction: nothing is lost, and the next run ends what was begun. */
import { expect, test } from "vitest";
import {
  compactFailing,
  diskBytes,
  expectOnly,
  FAILURES,
  halfRemoved,
  leaveNoRoom,
  namesOf,
  REMOVED,
  random,
  seed,
  withoutRoom,
} from "./compact-world.ts";

test.each(FAILURES)("%s", async (failure) => {
  for (let at = 0; at < 400; at += 1 + random.integer(6)) {
    const world = await halfRemoved();
    const { kept, gone } = world;
    const later = await compactFailing(world, failure, at);
    if (later === null) break;
    const context = `seed ${seed}, operation ${at}`;
    const again = await later.open();
    await expectOnly(again, kept, [], context);
    expect(again.counters()["packs-lost"], context).toBe(0);
    await again.removeMany("data", namesOf(gone));
    const summary = await again.compact({ unused: 0 });
    expect(summary.unused, context).toBe(0);
    await expectOnly(again, kept, gone, context);
    expect(await diskBytes(later), context).toBeLessThan(30 * 650 + 20 * 64);
    await again.close();
  }
});

test.each(FAILURES)(
  "%s, without room for the copies of one pack: what was removed does not come back",
  async (failure) => {
    const [, isGone] = REMOVED[random.integer(REMOVED.length)]!;
    for (let at = 0; at < 2000; at += 1 + random.integer(25)) {
      const world = await withoutRoom(isGone);
      const { config, kept, gone } = world;
      const later = await compactFailing(world, failure, at);
      if (later === null) break;
      const context = `seed ${seed}, operation ${at}`;
      const again = await later.open(config);
      await expectOnly(again, kept, gone, context);
      expect(again.counters()["packs-lost"], context).toBe(0);
      await leaveNoRoom(later);
      await again.compact({ unused: 0 });
      await expectOnly(again, kept, gone, context);
      expect(await diskBytes(later), context).toBeLessThan(kept.length * 600 + 1000);
      await again.close();
    }
  },
);
