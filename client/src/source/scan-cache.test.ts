/** When a file counts as unchanged. */
import { expect, test } from "vitest";
import { newStat } from "./entry-stat.ts";
import { CacheBlock } from "./scan-cache.ts";

const NOW = Date.UTC(2026, 0, 2);
const LONG_AGO = Date.UTC(2026, 0, 1) / 1000;

test("a state that was trusted is known again; one without ctime, or not trusted, never is", () => {
  const seen = { ...newStat(), inodeLow: 7, ctimeSeconds: LONG_AGO, ctimeNanos: 5 };
  const without = { ...newStat(), inodeLow: 8 };
  const first = new CacheBlock(undefined, NOW);
  first.add("a", seen, true);
  first.add("b", without, true);
  first.add("c", seen, false);
  const next = new CacheBlock(first.finish(), NOW);
  expect(next.isUnchanged("a", seen)).toBe(true);
  expect(next.isUnchanged("b", without)).toBe(false);
  expect(next.isUnchanged("c", seen)).toBe(false);
});
