/** Sizes that keep a file one thought: near 80 lines, never over 300 (tests 400). */
import { expect, test } from "vitest";
import { MODULES, read, SOURCES } from "./repository.ts";

const HARD_LIMIT = 300;
const TEST_LIMIT = 400;
const MEDIAN_GOAL = 80;

const lines = (path: string): number => read(path).split("\n").length - 1;

test("no source is longer than the limit, and the median is small", () => {
  const sizes = SOURCES.map((path) => ({ path, lines: lines(path) })).sort((a, b) => a.lines - b.lines);
  const median = sizes[Math.floor(sizes.length / 2)]?.lines ?? 0;
  const p95 = sizes[Math.floor(sizes.length * 0.95)]?.lines ?? 0;
  console.info(`${sizes.length} sources: median ${median} lines (goal ${MEDIAN_GOAL}), 95 % below ${p95}`);
  expect(sizes.filter((file) => file.lines > HARD_LIMIT)).toEqual([]);
  expect(median).toBeLessThanOrEqual(MEDIAN_GOAL);
});

test("no test is longer than its limit", () => {
  const tests = MODULES.filter((path) => !SOURCES.includes(path));
  expect(tests.filter((path) => lines(path) > TEST_LIMIT)).toEqual([]);
});
