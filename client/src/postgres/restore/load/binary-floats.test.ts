/** Decimal numbers become the floating point numbers nearest to them, as strtof and strtod find them for PostgreSQL. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { pieceOf } from "../../../cat/content-piece.ts";
import { slabMemory } from "../../../chunker/slab-memory.ts";
import { binaryRows } from "./binary-rows.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);
const NUMBERS = 4000;

interface Float {
  /** Of binary-kinds.ts. */
  kind: number;
  bytes: number;
  /** Stored bits of the fraction, and the power of two that its last one stands for in the numbers closest to zero. */
  fraction: bigint;
  least: bigint;
  /** The bits of infinity. */
  infinity: bigint;
}

const FLOAT4: Float = { kind: 14, bytes: 4, fraction: 23n, least: -149n, infinity: 0xffn << 23n };
const FLOAT8: Float = { kind: 15, bytes: 8, fraction: 52n, least: -1074n, infinity: 0x7ffn << 52n };

/** The bits of each number of one COPY; null for the first that stays text. */
async function bitsOf({ kind, bytes }: Float, texts: readonly string[]): Promise<(bigint | null)[]> {
  async function* source() {
    yield pieceOf(Buffer.from(`${texts.join("\n")}\n`));
  }
  const request = { source: source(), kinds: Uint8Array.of(kind), onRows: () => {} };
  const rows = binaryRows({ ...request, memory: slabMemory(2, 1) });
  const parts: Buffer[] = [];
  for await (const message of rows.messages) parts.push(Buffer.from(message.subarray(5)));
  const binary = Buffer.concat(parts).subarray(19, -2);
  const found: (bigint | null)[] = [];
  for (let at = 6; at < binary.length; at += 6 + bytes)
    found.push(bytes === 8 ? binary.readBigUInt64BE(at) : BigInt(binary.readUInt32BE(at)));
  return rows.left() === null ? found : [...found, null];
}

interface Decimal {
  digits: bigint;
  power: number;
}

const textOf = ({ digits, power }: Decimal): string =>
  `${digits}e${power < 0 ? "-" : "+"}${`${Math.abs(power)}`.padStart(2, "0")}`;

/** In the middle between the number of these bits and the next one: odd, times a power of two. */
function middleBehind(bits: bigint, { fraction, least }: Float): { odd: bigint; power: bigint } {
  const exponent = bits >> fraction;
  const mantissa = bits & ((1n << fraction) - 1n);
  const usual = exponent > 0n;
  const whole = usual ? mantissa | (1n << fraction) : mantissa;
  return { odd: 2n * whole + 1n, power: (usual ? exponent - 1n : 0n) + least - 1n };
}

/** Above 0 when the number is larger than the middle behind the number of these bits, below when it is smaller. */
function sideOfMiddle({ digits, power }: Decimal, bits: bigint, float: Float): number {
  const middle = middleBehind(bits, float);
  const up = (base: bigint, exponent: bigint): bigint => (exponent > 0n ? base ** exponent : 1n);
  const one = digits * up(10n, BigInt(power)) * up(2n, -middle.power);
  const other = middle.odd * up(2n, middle.power) * up(10n, -BigInt(power));
  return one > other ? 1 : one < other ? -1 : 0;
}

function expectNearest(decimal: Decimal, bits: bigint, float: Float): void {
  const isEven = bits % 2n === 0n;
  const below = bits === 0n ? 1 : sideOfMiddle(decimal, bits - 1n, float);
  const above = sideOfMiddle(decimal, bits, float);
  const isNearest = isEven ? below >= 0 && above <= 0 : below > 0 && above < 0;
  expect(isNearest, `${textOf(decimal)} as ${bits.toString(16)}`).toBe(true);
}

const decimals = (most: number): fc.Arbitrary<Decimal> =>
  fc.record({
    digits: fc
      .integer({ min: 1, max: 18 })
      .chain((count) => fc.bigInt({ min: 1n, max: 10n ** BigInt(count) })),
    power: fc.integer({ min: -most, max: most - 19 }),
  });

/** As close to the middle of two neighbours as 19 digits can be: that is in the middle itself where a fraction's last bit is about one. */
function middles(float: Float): fc.Arbitrary<Decimal> {
  const { fraction, least, infinity } = float;
  const one = (1n - least) << fraction;
  const bits = fc.oneof(
    fc.bigInt({ min: 1n, max: infinity - 2n }),
    fc.bigInt({ min: one - (4n << fraction), max: one + (10n << fraction) }),
  );
  return fc.tuple(bits, fc.constantFrom(-1n, 0n, 1n)).map(([number, more]) => {
    const { odd, power } = middleBehind(number, float);
    const exact = `${power < 0n ? odd * 5n ** -power : odd * 2n ** power}`;
    const digits = BigInt(exact.slice(0, 19)) + more;
    return { digits, power: Math.min(0, Number(power)) + Math.max(0, exact.length - 19) };
  });
}

test.each([
  ["float4", FLOAT4, 60],
  ["float8", FLOAT8, 326],
] as const)("the nearest %s", async (_, float, most) => {
  const all = [
    ...fc.sample(decimals(most), { seed, numRuns: NUMBERS }),
    ...fc.sample(middles(float), { seed, numRuns: NUMBERS }),
  ].filter(
    (decimal) =>
      sideOfMiddle(decimal, 0n, float) > 0 && sideOfMiddle(decimal, float.infinity - 1n, float) < 0,
  );
  expect(all.length).toBeGreaterThan(NUMBERS);
  const found = await bitsOf(float, all.map(textOf));
  expect(found).toHaveLength(all.length);
  for (const [i, decimal] of all.entries()) expectNearest(decimal, found[i]!, float);
});

/** As PostgreSQL prints it. */
function printed(number: number): string {
  const isUsual = Math.abs(number) >= 1e-4 && Math.abs(number) < 1e15;
  if (number === 0) return Object.is(number, -0) ? "-0" : "0";
  return isUsual ? `${number}` : number.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

test("float8 as JavaScript reads them, with sign, point and exponent", async () => {
  const usual = fc.integer().map((cents) => cents / 100);
  const numbers = fc.oneof(usual, fc.double({ noNaN: true, noDefaultInfinity: true }));
  const texts = fc.sample(numbers, { seed, numRuns: NUMBERS }).map(printed);
  const found = await bitsOf(FLOAT8, texts);
  const bits = new BigUint64Array(Float64Array.from(texts, Number).buffer);
  for (const [i, text] of texts.entries()) expect(found[i], text).toBe(bits[i]);
});
