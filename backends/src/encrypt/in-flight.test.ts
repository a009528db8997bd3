import type { BlobRecord, RecordKind } from "@datadb/protocol";
import { describe, expect, test } from "vitest";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { createInFlight } from "./in-flight.ts";

const seed = runSeed();

function recordOf(kind: RecordKind, name: Buffer): BlobRecord {
  return { kind, name, encoding: "raw", base: null, length: 0, payload: Buffer.alloc(0) };
}

describe(`puts in flight, DATADB_TEST_SEED=${seed}`, () => {
  test("each name is put by one at a time, whoever wants it waits, and fails with the one that had it", async () => {
    const random = createRandom(seed);
    const inFlight = createInFlight();
    // Some differ behind the bytes that they are looked for by.
    const names = Array.from({ length: 60 }, (_, at) =>
      Buffer.concat([Buffer.alloc(8, at % 40), Buffer.alloc(24, at)]),
    );
    /** The put that had each name last, and the names that are being put. */
    const holders = new Map<string, number>();
    const active = new Set<string>();
    const idOf = ({ kind, name }: BlobRecord): string => `${kind} ${name.toString("hex")}`;
    const ends: Promise<unknown>[] = [];
    for (let put = 0; put < 300; put++) {
      const records = Array.from({ length: random.integer(30) }, () =>
        recordOf(random.integer(2) === 0 ? "data" : "node", names[random.integer(names.length)]!),
      );
      const taken = records.filter(({ kind, name }) => inFlight.has(kind, name)).map(idOf);
      const held = new Set(taken.map((id) => holders.get(id)));
      const free = [...new Set(records.map(idOf))].filter((id) => !taken.includes(id));
      const fails = random.integer(4) === 0;
      const turns = random.integer(6);
      let mine: string[] = [];
      const work = inFlight.during(records, async (given) => {
        mine = given.map(idOf);
        for (const id of mine) holders.set(id, put);
        expect(mine.filter((id) => active.has(id))).toEqual([]);
        for (const id of mine) active.add(id);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        for (const id of mine) active.delete(id);
        if (fails) throw new Error(String(put));
      });
      expect(mine).toEqual(free);
      const own = fails && mine.length > 0;
      ends.push(
        work.then(
          () => expect(own).toBe(false),
          ({ message }: Error) => expect(own ? [put] : [...held]).toContain(Number(message)),
        ),
      );
      if (random.integer(3) === 0) await Promise.resolve();
    }
    await inFlight.settled();
    await Promise.all(ends);
    expect(active.size).toBe(0);
    expect(names.some((name) => inFlight.has("data", name) || inFlight.has("node", name))).toBe(false);
  });

  test("many names at once, and a put that ends before those who waited for it go on", async () => {
    const random = createRandom(seed);
    const inFlight = createInFlight();
    const records = Array.from({ length: 3000 }, () => recordOf("data", random.bytes(20)));
    let release: () => void = () => {};
    const first = inFlight.during(records, () => new Promise((resolve) => (release = resolve)));
    const order: string[] = [];
    const fresh = recordOf("data", random.bytes(20));
    const second = inFlight.during([...records, fresh], async (mine) => {
      expect(mine).toEqual([fresh]);
    });
    const ended = [first.then(() => order.push("first")), second.then(() => order.push("second"))];
    expect(records.every(({ kind, name }) => inFlight.has(kind, name))).toBe(true);
    release();
    await Promise.all(ended);
    expect(order).toEqual(["first", "second"]);
  });
});
