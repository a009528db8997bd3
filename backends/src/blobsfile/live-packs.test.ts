/** What is live in packs is asked of the index once for several of them, or not at all. */
import { ByteWriter } from "@datadb/protocol";
import { expect, test } from "vitest";
import { createMemoryIndex } from "../memory-index.ts";
import type { RecordIndex } from "../record-index.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { livePacks } from "./live-packs.ts";
import { recordKeys, writeLocation } from "./location.ts";
import type { PackUse } from "./pack-use.ts";
import { createShelf, type Place, type Shelf } from "./shelf.ts";

const random = createRandom(runSeed());
const GIB = 1024 ** 3;
const PACKS = [1, 2, 3];
const RECORDS = 50;
/** Records are not that long, but begin so far from each other. */
const STEP = GIB / 32;

/** Of each pack so many records. Its size is too large for two of them at once, beside a third. */
function useOf(number: number): PackUse {
  const flags = { whole: true, settled: true, distrusted: false, live: null };
  return { number, size: 2 * GIB, records: RECORDS, unused: GIB, ...flags };
}

async function shelfOf(counts: { reads: number }): Promise<Shelf> {
  const memory = createMemoryIndex();
  for (const pack of PACKS) {
    const names = Array.from({ length: RECORDS }, () => random.bytes(32));
    const puts = recordKeys("data", names).map((key, at): [Buffer, Buffer] => {
      const writer = new ByteWriter();
      const offset = 64 + at * STEP + pack;
      writeLocation(writer, { pack, offset, payloadLength: 8, length: 8, encoding: "raw", base: null });
      return [key, writer.finish()];
    });
    await memory.write(puts, []);
  }
  const index: RecordIndex = {
    ...memory,
    values(from, to) {
      counts.reads += 1;
      return memory.values(from, to);
    },
  };
  return createShelf("data", { index, nameLength: 32 } as Place);
}

test("the index is read once for as many packs as there is memory for", async () => {
  const counts = { reads: 0 };
  const order = PACKS.map(useOf);
  const liveIn = livePacks(await shelfOf(counts), order, PACKS.length * RECORDS);
  const reads: number[] = [];
  for (const use of order) {
    const live = await liveIn(use);
    reads.push(counts.reads);
    const found = Array.from({ length: RECORDS }, (_, at) => live?.has(64 + at * STEP + use.number));
    expect(found).toEqual(found.map(() => true));
    const beside = Array.from({ length: RECORDS }, (_, at) => live?.has(64 + at * STEP + 160));
    expect(beside).toEqual(beside.map(() => false));
  }
  expect(reads).toEqual([1, 1, 2]);
});

test("a few records of very many are looked up one by one", async () => {
  const counts = { reads: 0 };
  const order = PACKS.map(useOf);
  const liveIn = livePacks(await shelfOf(counts), order, 1_000_000);
  for (const use of order) expect(await liveIn(use)).toBeNull();
  expect(counts.reads).toBe(0);
});
