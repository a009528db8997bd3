import { expect, test } from "vitest";
import { type Extent, readingCost, readingExtent } from "./reading-extent.ts";

const KIB = 1024;
const MIB: number = 1024 * KIB;

function extent(from: number, to: number): Extent {
  return { from, to };
}

test("what is asked for is wider than what is wanted, but never reaches into what is there or beyond the pack", () => {
  const wanted = extent(100 * KIB, 101 * KIB);
  const size = 16 * MIB;
  expect(readingExtent("data", size, 0, wanted, extent(0, size))).toEqual(extent(96 * KIB, 112 * KIB));
  expect(readingExtent("node", size, 0, wanted, extent(0, size))).toEqual(extent(64 * KIB, 128 * KIB));
  expect(readingExtent("node", size, 0, wanted, extent(90 * KIB, 110 * KIB))).toEqual(
    extent(90 * KIB, 110 * KIB),
  );
  const short = 100 * KIB + 500;
  expect(readingExtent("data", short, 0, extent(100 * KIB, short), extent(0, short)).to).toBe(short);
});

test("a short pack is fetched at once, a longer one of nodes when parts of it have cost as much", () => {
  const wanted = extent(0, 100);
  expect(readingExtent("node", 100 * KIB, 0, wanted, extent(0, 100 * KIB))).toEqual(extent(0, 100 * KIB));
  for (const size of [300 * KIB, 2 * MIB, 20 * MIB]) {
    let spent = 0;
    let read = 0;
    for (let at = 0; ; at += 64 * KIB) {
      const next = readingExtent("node", size, spent, extent(at, at + 100), extent(at, size));
      spent += readingCost(next);
      read += next.to - next.from;
      if (next.from === 0 && next.to === size) break;
    }
    // Who reads everything in small pieces pays no more than twice.
    expect(read).toBeLessThanOrEqual(2 * size);
  }
  expect(readingExtent("data", 16 * MIB, 1000 * MIB, wanted, extent(0, 16 * MIB)).to).toBe(16 * KIB);
});
