import { describe, expect, it } from "vitest";
import { rangeBegins } from "./range-begins.ts";

const MB = 1 << 20;

function sizes(bytes: number, jobs: number): number[] {
  const begins = [0, ...rangeBegins(bytes, jobs), 1];
  return begins.slice(1).map((end, i) => ((end - begins[i]!) * bytes) / MB);
}

describe("rangeBegins", () => {
  it("leaves small tables whole", () => {
    for (const jobs of [1, 2, 4]) expect(rangeBegins(31 * MB, jobs)).toEqual([]);
    expect(rangeBegins(0, 2)).toEqual([]);
    expect(rangeBegins(200 * MB, 1)).toEqual([]);
  });

  it.each([
    [100, 2],
    [1200, 2],
    [1200, 4],
    [3000, 1],
    [40_000, 8],
  ])("divides %i MB for %i sessions, none of them too large or too small", (megabytes, jobs) => {
    const all = sizes(megabytes * MB, jobs);
    expect(all.reduce((sum, size) => sum + size)).toBeCloseTo(megabytes, 3);
    for (const size of all) {
      expect(size).toBeGreaterThan(15.99);
      expect(size).toBeLessThan(256.01 + 16);
    }
  });

  it("ends with small ones, so that nobody reads long alone", () => {
    const all = sizes(1200 * MB, 2);
    expect(all.at(-1)).toBeLessThan(32);
    expect(all[0]).toBe(256);
    expect(all.length).toBeLessThan(20);
  });
});
