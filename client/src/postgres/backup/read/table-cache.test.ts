import fc from "fast-check";
import { expect, test } from "vitest";
import type { Segment } from "./segments.ts";
import { parseTableCaches, type TableCache, writeTableCaches } from "./table-cache.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);
const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const values = fc.array(fc.string(), { minLength: 1, maxLength: 3 });
const segment = fc.record({
  chunks: fc.nat(9),
  rows: fc.nat(),
  bytes: fc.maxSafeNat(),
  sum: fc.option(word),
  upTo: values,
}) as fc.Arbitrary<Segment>;
const cache = fc
  .tuple(
    fc.array(segment, { maxLength: 5 }),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
    word,
    fc.boolean(),
  )
  .map(([segments, signature, own, sums]): TableCache => {
    const all = segments.map((one, i) => (i === segments.length - 1 ? { ...one, upTo: null } : one));
    const chunks = all.reduce((sum, one) => sum + one.chunks, 0);
    const marks = Uint16Array.from({ length: chunks }, (_, i) => (i * 40_503) & 0xffff);
    const kept = { seed: own, signature: Buffer.from(signature).toString("hex"), segments: all };
    return { marks, sums: sums && all.length > 0 ? kept : null };
  });

test("property: what is written is read", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), cache), (tables) => {
      const all = new Map(Object.entries(tables));
      expect(parseTableCaches(writeTableCaches(all))).toEqual(all);
    }),
    { seed, numRuns: 200 },
  );
});

test("property: what is damaged is no error, and asks for no memory", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), cache, { minKeys: 1 }),
      fc.nat(),
      fc.nat(255),
      (tables, at, byte) => {
        const written = writeTableCaches(new Map(Object.entries(tables)));
        written[at % written.length] = byte;
        parseTableCaches(written);
        parseTableCaches(written.subarray(0, at % written.length));
      },
    ),
    { seed, numRuns: 500 },
  );
});

test("segments that are not those of all chunks are not taken", () => {
  const marks = Uint16Array.of(1, 2, 3);
  const sums = { seed: 1n, signature: "0011223344556677", segments: [part(2, ["k"]), part(2, null)] };
  const parsed = parseTableCaches(writeTableCaches(new Map([["a", { marks, sums }]])));
  expect(parsed.get("a")).toEqual({ marks, sums: null });
  expect(parseTableCaches(Buffer.from([1, 0]))).toEqual(new Map());
  expect(parseTableCaches(null)).toEqual(new Map());
});

function part(chunks: number, upTo: string[] | null): Segment {
  return { chunks, rows: 1, bytes: 1, sum: 1n, upTo };
}
