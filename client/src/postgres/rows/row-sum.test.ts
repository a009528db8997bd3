/** What is computed here of COPY's text is what PostgreSQL computes: the numbers are PostgreSQL 15's. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { wasmModule } from "../../chunker/wasm-module.ts";
import type { ColumnFacts } from "../catalogue/columns.ts";
import { type RowSumExports, rowSum } from "./row-sum.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);
const AT = 1000;

const column = (type: string | null, notNull = true, name = "c"): ColumnFacts => ({
  name,
  type,
  readBy: null,
  fullType: type ?? "other",
  notNull,
  collation: "",
});

function sumOf(columns: readonly ColumnFacts[], seed: bigint, rows: readonly string[]): bigint {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  const { exports } = new WebAssembly.Instance(wasmModule("row-sum"), { env: { memory } });
  const wasm = exports as unknown as RowSumExports;
  const sum = rowSum(columns, seed)!;
  wasm.configureSum(sum.seed, sum.columns, sum.ints, sum.longs, sum.nullable);
  for (const row of rows) {
    const bytes = Buffer.from(`${row}\n`);
    bytes.copy(Buffer.from(memory.buffer), AT);
    wasm.addRow(AT, AT + bytes.length);
  }
  return wasm.takeSum();
}

test("hashes of text, of numbers and of nulls are PostgreSQL's", () => {
  expect(sumOf([column("text")], 0n, [""])).toBe(-6939563903564495251n);
  expect(sumOf([column("text")], 1n, ["abcdefghijkl"])).toBe(-6429754808531195817n);
  expect(sumOf([column("text")], -1n, ["abcdefghijklm"])).toBe(6205390682044465928n);
  expect(sumOf([column("int4")], 3n, ["-7"])).toBe(-3061289239652332668n);
  expect(sumOf([column("int8")], 3n, ["-7"])).toBe(-4616241850721795784n);
  expect(sumOf([column("bytea")], 9n, ["\\\\x00ff"])).toBe(-8616029267921616643n);
  const several = [column("int8"), column("text"), column("numeric", false)];
  expect(sumOf(several, -5n, ["4294967296\ttab\\té\\\\\t\\N"])).toBe(8893338742879423871n);
});

test("the sum is that of its rows, in any order", () => {
  const columns = [column("int4"), column("text", false)];
  const rows = ["1\ta", "2\t\\N", "3\tb"];
  const each = rows.map((row) => sumOf(columns, 5n, [row]));
  expect(sumOf(columns, 5n, rows)).toBe(BigInt.asIntN(64, each[0]! + each[1]! + each[2]!));
  expect(sumOf(columns, 5n, rows.toReversed())).toBe(sumOf(columns, 5n, rows));
  expect(sumOf(columns, 6n, rows)).not.toBe(sumOf(columns, 5n, rows));
  // Values that are exchanged between rows.
  expect(sumOf(columns, 5n, ["1\tb", "2\t\\N", "3\ta"])).not.toBe(sumOf(columns, 5n, rows));
});

test("escapes of every length end where the text does", () => {
  const values = Array.from({ length: 40 }, (_, i) => "\\\\".repeat(i));
  const plain = values.map((_, i) => "Y".repeat(i));
  for (const [i, value] of values.entries()) {
    const [own, other] = [value, plain[i]!].map((text) => sumOf([column("text")], 0n, [text]));
    expect(own === other).toBe(i === 0);
  }
  expect(new Set(values.map((value) => sumOf([column("text")], 0n, [value]))).size).toBe(40);
});

const texts = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-zé ]{0,40}$/) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z]{0,700}$/) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom("a", "\\\\", "\\t", "\\n", "é")).map((all) => all.join("")),
  },
  { weight: 1, arbitrary: fc.constantFrom("\\N", "x".repeat(5000)) },
);
const numbers = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom("\\N", "0", "-1"),
);
const columnsAndRows = fc
  .array(fc.constantFrom("int4", "int8", "text"), { minLength: 1, maxLength: 40 })
  .chain((types) =>
    fc.record({
      types: fc.constant(types),
      rows: fc.array(
        fc.oneof(
          { weight: 40, arbitrary: fc.tuple(...types.map((type) => (type === "text" ? texts : numbers))) },
          { weight: 1, arbitrary: fc.array(texts, { maxLength: 6 }) },
        ),
        { maxLength: 30 },
      ),
    }),
  );

test("property: rows that are added together have the sum of each alone, also where the memory ends", () => {
  fc.assert(
    fc.property(
      columnsAndRows,
      fc.constantFrom(0n, 1n, -7n),
      fc.boolean(),
      ({ types, rows }, first, atEnd) => {
        const columns = types.map((type) => column(type, false));
        const lines = rows.map((values) => values.join("\t"));
        const text = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536, shared: true });
        const { exports } = new WebAssembly.Instance(wasmModule("row-sum"), { env: { memory } });
        const wasm = exports as unknown as RowSumExports & { addRows(from: number, to: number): number };
        const sum = rowSum(columns, first)!;
        wasm.configureSum(sum.seed, sum.columns, sum.ints, sum.longs, sum.nullable);
        const from = atEnd ? memory.buffer.byteLength - text.length : AT;
        text.copy(Buffer.from(memory.buffer), from);
        expect(wasm.addRows(from, from + text.length)).toBe(from + text.length);
        expect(wasm.summedRows()).toBe(rows.length);
        const alone = lines.map((line) => sumOf(columns, first, [line])).reduce((all, one) => all + one, 0n);
        expect(wasm.takeSum()).toBe(BigInt.asIntN(64, alone));
      },
    ),
    { seed, numRuns: 300 },
  );
});

test("the expression names columns safely, and what it cannot know is text", () => {
  const { hash, columns, ints, longs, nullable } = rowSum(
    [column("int8", true, 'a"b'), column(null, false, "c"), column("int2"), column("bool", false)],
    -1n,
  )!;
  expect([columns, ints, longs, nullable]).toEqual([4, 4n, 1n, 10n]);
  expect(hash).toContain("'-1'::int8");
  expect(hash).toContain('t."a""b" >> 32');
  expect(hash).toContain(`COALESCE(pg_catalog.concat(t."c"), '') COLLATE "C"`);
  expect(hash).toContain(`CASE WHEN t."c" IS NULL THEN 2::int8 ELSE 0 END`);
  expect(rowSum([], 1n)).toBeNull();
  expect(
    rowSum(
      Array.from({ length: 65 }, () => column("text")),
      1n,
    ),
  ).toBeNull();
  expect(
    rowSum(
      Array.from({ length: 64 }, () => column("text", false)),
      1n,
    )!.nullable,
  ).toBe(2n ** 64n - 1n);
});
