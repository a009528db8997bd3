import { createRandom, runSeed } from "@datadb/backends/suite";
import { expect, test } from "vitest";
import { type FarRange, type FarRecord, payingRanges } from "./paying-ranges.ts";

const KIB = 1024;
const MIB: number = 1024 * KIB;
const REQUEST: number = 256 * KIB;
const PART = 0.1;

const record = (offset: number, size: number, won: number, pack = "blobs-1"): FarRecord => ({
  pack,
  offset,
  size,
  won,
});

/** Less what the requests cost. */
function gain(ranges: readonly FarRange<FarRecord>[]): number {
  const won = ranges.flatMap(({ records }) => records).reduce((sum, one) => sum + one.won, 0);
  return won - PART * ranges.reduce((sum, { from, to }) => sum + REQUEST + to - from, 0);
}

/** The best that any choice of runs could win: each record begins a request, goes on with the one before, or is left. */
function bestGain(records: readonly FarRecord[]): number {
  let best = 0;
  for (let choice = 0; choice < 3 ** records.length; choice++) {
    let [total, reading, end, rest] = [0, false, 0, choice];
    for (const { offset, size, won } of records) {
      const does = rest % 3;
      rest = Math.floor(rest / 3);
      if (does > 0) total += won - PART * (does === 1 || !reading ? REQUEST + size : offset + size - end);
      reading = does > 0;
      end = offset + size;
    }
    best = Math.max(best, total);
  }
  return best;
}

test("one far from others is not worth a request, many beside each other are worth one", () => {
  expect(payingRanges([record(5 * MIB, 20 * KIB, 20 * KIB)], PART)).toEqual([]);
  const many = Array.from({ length: 50 }, (_, at) => record(at * 64 * KIB, 20 * KIB, 20 * KIB));
  expect(payingRanges(many.toReversed(), PART)).toMatchObject([{ from: 0, to: 49 * 64 * KIB + 20 * KIB }]);
  expect(payingRanges(many, 0.5)).toEqual([]);
});

test("what is wasted in vain around them counts: only the dense part of a pack is read", () => {
  const sparse = Array.from({ length: 8 }, (_, at) => record(at * MIB, 20 * KIB, 20 * KIB));
  const dense = Array.from({ length: 20 }, (_, at) =>
    record(9 * MIB + at * 20 * KIB, 20 * KIB, 20 * KIB, "blobs-1"),
  );
  const other = record(0, 20 * KIB, 20 * KIB, "blobs-2");
  expect(payingRanges([...sparse, other, ...dense], PART)).toMatchObject([
    { pack: "blobs-1", from: 9 * MIB, to: 9 * MIB + 400 * KIB, records: dense },
  ]);
});

test("when nothing may be wasted all are read, in pieces that have room in memory", () => {
  const all = Array.from({ length: 40 }, (_, at) => record(at * MIB, 1000, 1));
  const ranges = payingRanges(all, 0);
  expect(ranges.flatMap(({ records }) => records)).toEqual(all);
  expect(ranges).toHaveLength(3);
  for (const { from, to } of ranges) expect(to - from).toBeLessThanOrEqual(16 * MIB);
});

test("records that several need lie in one place, and all of them pay for it", () => {
  const shared = Array.from({ length: 10 }, () => record(3 * MIB, 20 * KIB, 20 * KIB));
  expect(payingRanges(shared, PART)).toMatchObject([{ from: 3 * MIB, to: 3 * MIB + 20 * KIB }]);
});

test("no choice of ranges wins more", () => {
  const random = createRandom(runSeed());
  for (let round = 0; round < 100; round++) {
    let end = 0;
    const records = Array.from({ length: 1 + random.integer(7) }, () => {
      const size = 1 + random.integer(200 * KIB);
      const offset = end + random.integer(random.pick([1, 100 * KIB, MIB]));
      end = offset + size;
      return record(offset, size, random.integer(300 * KIB));
    });
    // Tenths of bytes, added up in another order.
    expect(gain(payingRanges(records, PART))).toBeCloseTo(bestGain(records), 3);
  }
});
