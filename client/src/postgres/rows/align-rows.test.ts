/** However rows are cut into pieces, and whatever is the same on both sides, the others are counted. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { alignRows } from "./align-rows.ts";
import { type RowChanges, RowMatcher } from "./row-matcher.ts";
import { RowText } from "./row-text.ts";

async function* piecesOf(texts: readonly string[]): AsyncGenerator<Buffer[]> {
  for (const text of texts) yield [Buffer.from(text)];
}

async function counted(
  before: readonly string[],
  after: readonly string[],
  fields: number[] | null,
): Promise<RowChanges> {
  const matcher = new RowMatcher(fields);
  await alignRows(new RowText(piecesOf(before)), new RowText(piecesOf(after)), fields, matcher);
  return matcher.finish();
}

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);
const numRuns = process.env["DATADB_TEST_LONG"] === undefined ? 300 : 5000;

/** Text in pieces of any sizes. */
function cut(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length]!;
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

const sizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 5 });
/** Short rows, and rows of which a few fill what is compared with one call. */
const value = fc.oneof(
  fc.constantFrom("", "a", "b"),
  fc.integer({ min: 1, max: 3000 }).map((length) => "x".repeat(length)),
);

test("property: with a key, what is counted is what differs between two maps", async () => {
  // The number of a row is between a letter and its text, or before all.
  const table = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 300 }), value), {
    selector: ([key]) => key,
    maxLength: 120,
  });
  await fc.assert(
    fc.asyncProperty(
      table,
      table,
      fc.boolean(),
      fc.boolean(),
      sizes,
      sizes,
      async (a, b, alike, first, s, t) => {
        // Mostly the same on both sides, as it is from day to day.
        const common = new Map(alike ? a : []);
        const older = new Map([...a].sort(([i], [k]) => i - k));
        const newer = new Map([...b.filter(([key]) => key % 7 === 0 || !alike), ...(alike ? a : [])]);
        for (const [key, text] of b) if (key % 5 === 0) newer.set(key, text);
        for (const key of common.keys()) if (key % 11 === 0) newer.delete(key);
        const text = (rows: Map<number, string>): string =>
          [...rows]
            .sort(([i], [k]) => i - k)
            .map(([key, one]) => (first ? `${key}\t${one}\n` : `-\t${key}\t${one}\n`))
            .join("");
        const inserted = [...newer.keys()].filter((key) => !older.has(key)).length;
        const deleted = [...older.keys()].filter((key) => !newer.has(key)).length;
        const updated = [...newer].filter(([key, one]) => older.has(key) && older.get(key) !== one).length;
        const found = await counted(cut(text(older), s), cut(text(newer), t), [first ? 0 : 1]);
        expect(found).toEqual({ inserted, updated, deleted });
      },
    ),
    { seed, numRuns },
  );
});

test("property: without a key, what is counted is what differs between two bags", async () => {
  const table = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }).map(String), value), { maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(table, fc.array(table, { maxLength: 3 }), sizes, sizes, async (a, more, s, t) => {
      const b = more.flatMap((rows, i) => [...a.slice(i * 20, i * 20 + 20), ...rows]);
      const text = (rows: readonly string[]): string => rows.map((row) => `${row}\n`).join("");
      const count = new Map<string, number>();
      for (const row of b) count.set(row, (count.get(row) ?? 0) + 1);
      for (const row of a) count.set(row, (count.get(row) ?? 0) - 1);
      const left = [...count.values()];
      const inserted = left.reduce((sum, n) => sum + Math.max(0, n), 0);
      const deleted = left.reduce((sum, n) => sum + Math.max(0, -n), 0);
      expect(await counted(cut(text(a), s), cut(text(b), t), null)).toEqual({
        inserted,
        updated: 0,
        deleted,
      });
    }),
    { seed, numRuns },
  );
});
