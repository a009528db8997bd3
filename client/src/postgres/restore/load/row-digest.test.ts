/** A digest is that of the rows, in any order and cut anywhere; any other row changes it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { bothDigests, type RowsDigest, rowDigester } from "./row-digest.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);
const digester = rowDigester();

function digest(bytes: Buffer, piece: number, format: "text" | "binary" = "text"): RowsDigest {
  digester.begin(format);
  for (let at = 0; at < bytes.length; at += piece) digester.update(bytes.subarray(at, at + piece));
  return digester.finish();
}

/** As COPY sends them: into the socket's memory, or elsewhere. */
function digestOfMessages(rows: readonly string[], inPlace: boolean): RowsDigest {
  digester.begin("text");
  for (const row of rows) {
    const message = Buffer.concat([Buffer.from("d----"), Buffer.from(row)]);
    message.writeUInt32BE(message.length - 1, 1);
    const place = inPlace ? digester.input.subarray(0, message.length) : message;
    message.copy(place);
    const taken = digester.sink.take(place, 0, place.length);
    expect(taken).toBe(inPlace ? place.length : 0);
    if (!inPlace) digester.sink.write(message, 5, message.length);
  }
  return digester.finish();
}

const rows = fc.array(
  fc.string({ maxLength: 60, unit: "binary" }).map((text) => `${text.replaceAll("\n", "")}\n`),
  { maxLength: 60 },
);

test("property: order and cuts make no difference, and parts add up", () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 300 }), fc.nat(), (lines, piece, at) => {
      const whole = digest(Buffer.from(lines.join("")), 1 << 20);
      expect(digest(Buffer.from([...lines].reverse().join("")), piece)).toBe(whole);
      expect(digestOfMessages(lines, true)).toBe(whole);
      expect(digestOfMessages(lines, false)).toBe(whole);
      const [one, other] = [lines.slice(0, at % 60), lines.slice(at % 60)];
      const sum = bothDigests(
        digest(Buffer.from(one.join("")), piece),
        digest(Buffer.from(other.join("")), 7),
      );
      expect(sum).toBe(whole);
    }),
    { seed, numRuns: 200 },
  );
});

test("property: another byte, a row more or less, and a line end elsewhere are noticed", () => {
  fc.assert(
    fc.property(rows, fc.nat(), fc.integer({ min: 1, max: 255 }), (lines, at, change) => {
      const bytes = Buffer.from(lines.join(""));
      const whole = digest(bytes, 100);
      expect(digest(Buffer.concat([bytes, Buffer.from("x\n")]), 100)).not.toBe(whole);
      if (bytes.length === 0) return;
      const other = Buffer.from(bytes);
      other[at % bytes.length]! ^= change;
      expect(digest(other, 100)).not.toBe(whole);
    }),
    { seed, numRuns: 200 },
  );
});

test("rows longer than the memory, and the binary format", () => {
  const long = Buffer.concat([Buffer.alloc(9_000_000, "y"), Buffer.from("\n")]);
  const short = Buffer.from("1\tx\n");
  const whole = digest(Buffer.concat([short, long, short]), 65_536);
  expect(digest(Buffer.concat([long, short, short]), 1_000_003)).toBe(whole);
  const other = Buffer.from(long);
  other[8_999_999] = 0x7a;
  expect(digest(Buffer.concat([other, short, short]), 65_536)).not.toBe(whole);
  const [one, two] = [digest(long, 99, "binary"), digest(long, 1 << 20, "binary")];
  expect(one).toBe(two);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(() => bothDigests(one, whole)).toThrow(TypeError);
});
