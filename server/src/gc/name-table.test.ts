/** Marks by the rank of names are those of the names, in whatever order they are asked for. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createNameTable } from "./name-table.ts";

const nameOf = (number: number): Buffer => createHash("sha256").update(String(number)).digest();
const sorted = Array.from({ length: 5000 }, (_, at) => nameOf(at)).sort(Buffer.compare);

test("each name has a mark and a flag of its own", () => {
  const table = createNameTable();
  for (const [at, name] of sorted.entries()) table.add(name, at % 3 === 0);
  table.finish();
  expect([table.names, table.flags]).toEqual([5000, 1667]);
  // In the order of the numbers that they were made of, which is none.
  const marked = Array.from({ length: 2500 }, (_, at) => nameOf(at));
  expect(marked.map((name) => table.mark(name))).toEqual(marked.map(() => true));
  expect(marked.map((name) => table.mark(name))).toEqual(marked.map(() => false));
  const wanted = new Set(marked.map((name) => name.toString("hex")));
  const isWanted = sorted.map((name) => wanted.has(name.toString("hex")));
  expect(sorted.map((name) => table.marked(name))).toEqual(isWanted);
  expect(sorted.toReversed().map((name) => table.marked(name))).toEqual(isWanted.toReversed());
  expect(sorted.map((name) => table.flagged(name))).toEqual(sorted.map((_, at) => at % 3 === 0));
});

test("a name before all of them, and one in an empty table, has neither", () => {
  const table = createNameTable();
  expect(table.marked(sorted[0]!)).toBe(false);
  for (const name of sorted.slice(1)) table.add(name, true);
  table.finish();
  table.mark(sorted[1]!);
  expect([table.marked(Buffer.alloc(32)), table.flagged(Buffer.alloc(32))]).toEqual([false, false]);
  expect(table.marked(sorted[1]!)).toBe(true);
});
