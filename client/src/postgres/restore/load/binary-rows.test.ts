/** What rows become in COPY's binary format, and which rows stay text. The bytes are those that PostgreSQL 15 writes. */
import { expect, test } from "vitest";
import { type ContentPiece, pieceOf } from "../../../cat/content-piece.ts";
import { slabMemory } from "../../../chunker/slab-memory.ts";
import type { ColumnFacts } from "../../catalogue/columns.ts";
import { binaryKinds } from "./binary-kinds.ts";
import { binaryRows } from "./binary-rows.ts";

const HEADER_BYTES = 19;
const ANY_LENGTH = 1e9;

/** Types whose functions PostgreSQL names as `int4in`; those of others are named as `date_in`. */
const SHORT = /^(text|varchar|bpchar|name|int[248]|oid|bool|bytea|float[48])$/;

const columnsOf = (types: readonly (string | null)[]): ColumnFacts[] =>
  types.map((type) => {
    const before = type !== null && SHORT.test(type) ? type : `${type}_`;
    const readBy = type === null ? null : `${before}in ${before}recv`;
    return { name: "c", type: null, readBy, fullType: type ?? "other", notNull: false, collation: "" };
  });

/** What came in binary, without header and trailer, the text of it, and the text that is left. */
async function encode(types: readonly string[], text: string | Buffer, pieceBytes = 7) {
  const bytes = Buffer.from(text);
  async function* source(): AsyncGenerator<ContentPiece> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield pieceOf(bytes.subarray(at, at + pieceBytes));
  }
  const memory = slabMemory(2, 1);
  const view = Buffer.from(memory.buffer);
  const taken: Buffer[] = [];
  const encoded = binaryRows({
    source: source(),
    kinds: binaryKinds(columnsOf(types), ANY_LENGTH)!,
    memory,
    onRows: (from, to) => taken.push(Buffer.from(view.subarray(from, to))),
  });
  const parts: Buffer[] = [];
  for await (const message of encoded.messages) {
    expect(message[0]).toBe(0x64);
    expect(message.readUInt32BE(1)).toBe(message.length - 1);
    parts.push(Buffer.from(message.subarray(5)));
  }
  const binary = Buffer.concat(parts);
  expect(binary.subarray(0, HEADER_BYTES).toString("latin1")).toBe(`PGCOPY\n\xff\r\n\0${"\0".repeat(8)}`);
  expect(binary.subarray(-2).toString("hex")).toBe("ffff");
  const rest: Buffer[] = [];
  for await (const piece of encoded.left() ?? []) rest.push(Buffer.from(piece.take()));
  return {
    rows: binary.subarray(HEADER_BYTES, -2),
    text: Buffer.concat(taken).toString(),
    left: encoded.left() === null ? null : Buffer.concat(rest).toString(),
  };
}

/** Of one value: its bytes; null when it stays text. */
async function encodedValue(type: string, text: string): Promise<string | null> {
  const { rows, left } = await encode([type], `${text}\n`);
  if (left !== null) {
    expect([rows.length, left]).toEqual([0, `${text}\n`]);
    return null;
  }
  expect(rows.readInt16BE(0)).toBe(1);
  const length = rows.readInt32BE(2);
  expect(rows.length).toBe(6 + Math.max(0, length));
  return length < 0 ? "null" : rows.subarray(6).toString("hex");
}

test.each([
  ["int2", "-32768", "8000"],
  ["int2", "32767", "7fff"],
  ["int4", "-2147483648", "80000000"],
  ["int4", "12", "0000000c"],
  ["int8", "-9223372036854775808", "8000000000000000"],
  ["int8", "9223372036854775807", "7fffffffffffffff"],
  ["oid", "4294967295", "ffffffff"],
  ["bool", "t", "01"],
  ["bool", "f", "00"],
  ["text", "", ""],
  ["text", "\\\\N", "5c4e"],
  ["varchar", "a\\tb\\nc\\\\d\\be\\fg\\rh\\vé", "6109620a635c6408650c670d680bc3a9"],
  ["bpchar", "ab  ", "61622020"],
  ["name", "pg_class", "70675f636c617373"],
  ["enum", "a\\tb'\"\\\\ é", "61096227225c20c3a9"],
  ["json", '{"a": 1}', "7b2261223a20317d"],
  ["jsonb", '{"a": "\\\\n"}', "017b2261223a20225c6e227d"],
  ["bytea", "\\\\x", ""],
  ["bytea", "\\\\x00ff5c", "00ff5c"],
  ["uuid", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"],
  ["date", "2000-01-01", "00000000"],
  ["date", "0001-01-01", "fff4dbf9"],
  ["date", "9999-12-31", "002c95d3"],
  ["date", "2024-02-29", "00002279"],
  ["date", "infinity", "7fffffff"],
  ["time", "23:59:59.999999", "000000141dd75fff"],
  ["timestamp", "1999-12-31 23:59:59.5", "fffffffffff85ee0"],
  ["timestamp", "-infinity", "8000000000000000"],
  ["timestamptz", "2000-01-02 00:00:00.000001+00", "000000141dd76001"],
  ["timestamptz", "infinity", "7fffffffffffffff"],
  ["numeric", "12345.678", "000300010000000300010929" + "1a7c"],
  ["numeric", "-0.05", "00020000400000020000" + "01f4"],
  ["numeric", "0", "000100000000" + "00000000"],
  ["float8", "0", "0000000000000000"],
  ["float8", "-0", "8000000000000000"],
  ["float8", "1.5", "3ff8000000000000"],
  ["float8", "0.1", "3fb999999999999a"],
  ["float8", "0.0001", "3f1a36e2eb1c432d"],
  ["float8", "1e+15", "430c6bf526340000"],
  ["float8", "-9.999999999999999e+22", "c4b52d02c7e14af6"],
  ["float8", "1.2345678901234568e-05", "3ee9e409302678ba"],
  ["float8", "9007199254740993", "4340000000000000"],
  ["float8", "5e-324", "0000000000000001"],
  ["float8", "2.225073858507201e-308", "000fffffffffffff"],
  ["float8", "2.2250738585072014e-308", "0010000000000000"],
  ["float8", "1.7976931348623157e+308", "7fefffffffffffff"],
  ["float8", "NaN", "7ff8000000000000"],
  ["float8", "Infinity", "7ff0000000000000"],
  ["float8", "-Infinity", "fff0000000000000"],
  ["float4", "-0", "80000000"],
  ["float4", "0.1", "3dcccccd"],
  ["float4", "-1e+23", "e5a96816"],
  ["float4", "16777217", "4b800000"],
  ["float4", "1e-45", "00000001"],
  ["float4", "1.1754944e-38", "00800000"],
  ["float4", "3.4028235e+38", "7f7fffff"],
  ["float4", "NaN", "7fc00000"],
  ["float4", "Infinity", "7f800000"],
  ["float4", "-Infinity", "ff800000"],
])("%s %s", async (type, text, bytes) => {
  expect(await encodedValue(type, text)).toBe(bytes);
});

test.each([
  ["int2", "32768"],
  ["int2", "-32769"],
  ["int4", "2147483648"],
  ["int8", "9223372036854775808"],
  ["int8", "99999999999999999999"],
  ["int8", ""],
  ["int8", "-"],
  ["int8", "1.0"],
  ["oid", "-1"],
  ["bool", "true"],
  ["text", "\\x41"],
  ["text", "\\101"],
  ["text", "two\tfields"],
  ["bytea", "abc"],
  ["bytea", "\\\\x0"],
  ["bytea", "\\\\x0g"],
  ["uuid", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"],
  ["uuid", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8"],
  ["date", "2023-02-29"],
  ["date", "1900-02-29"],
  ["date", "2000-13-01"],
  ["date", "0000-01-01"],
  ["date", "10000-01-01"],
  ["date", "0044-03-15 BC"],
  ["time", "24:00:00"],
  ["time", "00:00:00."],
  ["timestamp", "2000-01-01 00:00:00.1234567"],
  ["timestamp", "2000-01-01 00:00:00 BC"],
  ["timestamp", "2000-01-01"],
  ["timestamptz", "2000-01-01 00:00:00"],
  ["timestamptz", "2000-01-01 00:00:00+01"],
  ["timestamptz", "2000-01-01 00:00:00+00:30"],
  ["timestamptz", "Infinity"],
  ["numeric", "NaN"],
  ["numeric", "1e5"],
  ["numeric", ".5"],
  ["numeric", "5."],
  ["numeric", "-"],
  ["float8", ""],
  ["float8", "-"],
  ["float8", ".5"],
  ["float8", "5."],
  ["float8", "+5"],
  ["float8", "1e5"],
  ["float8", "1e+5"],
  ["float8", "1e+0005"],
  ["float8", "1E+05"],
  ["float8", "0x10"],
  ["float8", "1.5 "],
  ["float8", "-NaN"],
  ["float8", "nan"],
  ["float8", "NaN2"],
  ["float8", "infinity"],
  ["float8", "inf"],
  ["float8", "2e-324"],
  ["float8", "1.8e+308"],
  ["float8", "1e+999"],
  ["float8", "1e-999"],
  ["float8", "18446744073709551616"],
  ["float8", "1.00000000000000000000"],
  ["float4", "7e-46"],
  ["float4", "3.4028236e+38"],
  ["float4", "1e+39"],
])("%s %s stays text", async (type, text) => {
  expect(await encodedValue(type, text)).toBeNull();
});

test("nulls of every type have no value", async () => {
  for (const type of ["text", "jsonb", "int8", "bool", "bytea", "uuid", "timestamptz", "numeric", "float8"])
    expect(await encodedValue(type, "\\N")).toBe("null");
});

test("from the first row on that cannot be binary, all stay text, wherever they are cut", async () => {
  const [before, odd, behind] = ["1\ta\n2\t\\N\n", "x\tb\n", "3\tc\n4\td\n"];
  for (const pieceBytes of [1, 2, 3, 5, 8, 100]) {
    const { rows, text, left } = await encode(["int4", "text"], before + odd + behind, pieceBytes);
    expect(rows.toString("hex")).toBe("0002000000040000000100000001610002000000040000000" + "2ffffffff");
    expect([text, left]).toEqual([before, odd + behind]);
  }
  expect(await encode(["int4"], "1\n2")).toMatchObject({ text: "1\n", left: "2" });
  expect(await encode(["int4"], "")).toMatchObject({ text: "", left: null });
  expect(await encode(["int4", "int4"], "1\n")).toMatchObject({ text: "", left: "1\n" });
  expect(await encode(["int4"], "1\t2\n")).toMatchObject({ text: "", left: "1\t2\n" });
});

test("a row that no message has room for stays text, and so does one longer than the memory", async () => {
  const short = `${"s".repeat(200_000)}\n`;
  const long = `${"l".repeat(300_000)}\n`;
  const many = await encode(["text"], short.repeat(9), 70_000);
  expect([many.text === short.repeat(9), many.left]).toEqual([true, null]);
  expect(many.rows.length).toBe(9 * (short.length - 1 + 6));
  const { text, left } = await encode(["text"], short + long + short, 70_000);
  expect([text === short, left === long + short]).toEqual([true, true]);
  const endless = "e".repeat(5 << 20);
  const whole = await encode(["text"], `${short}${endless}\n`, 1 << 20);
  expect([whole.text === short, whole.left === `${endless}\n`]).toEqual([true, true]);
});

test("a table with another type stays text, and so does one that would become much longer", () => {
  expect([...binaryKinds(columnsOf(["int8", "text"]), 100)!]).toEqual([4, 0]);
  expect(binaryKinds(columnsOf(["int8", "interval"]), 100)).toBeNull();
  expect(binaryKinds(columnsOf(["int8", null]), 100)).toBeNull();
  expect(binaryKinds([], 1)).toBeNull();
  expect(binaryKinds(columnsOf(["int4", "int4"]), 8)).toBeNull();
  expect(binaryKinds(columnsOf(["int4", "int4"]), 18)).not.toBeNull();
});
