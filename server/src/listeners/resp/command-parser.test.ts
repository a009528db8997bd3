import fc from "fast-check";
import { expect, test } from "vitest";
import { CommandParser, type ParserLimits } from "./command-parser.ts";
import { ProtocolError } from "./protocol-error.ts";

const limits: ParserLimits = {
  arguments: 1024,
  bulkBytes: 1 << 20,
  commandBytes: 2 << 20,
  inlineBytes: 1024,
};
const seed = Number(process.env["DATADB_TEST_SEED"] ?? Date.now()) & 0xffff;

function parse(chunks: readonly Buffer[], own: ParserLimits = limits): Buffer[][] {
  const parser = new CommandParser(own);
  const commands: Buffer[][] = [];
  for (const chunk of chunks) {
    parser.push(chunk);
    for (let command = parser.next(); command !== null; command = parser.next()) commands.push(command);
  }
  return commands;
}

function encode(args: readonly Buffer[]): Buffer {
  const parts = args.flatMap((arg) => [Buffer.from(`$${arg.length}\r\n`), arg, Buffer.from("\r\n")]);
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...parts]);
}

const text = (commands: Buffer[][]) => commands.map((command) => command.map(String));

test("the same commands come out wherever the bytes are split", () => {
  const wire = Buffer.concat([
    encode([Buffer.from("SET"), Buffer.from("k"), Buffer.from("a\r\n$3\r\nb")]),
    Buffer.from("*0\r\n*-1\r\n\r\nPING\r\n  get 'a b' \"\\x41\\n\"\n"),
    encode([Buffer.from("ECHO"), Buffer.alloc(0)]),
  ]);
  const expected = [["SET", "k", "a\r\n$3\r\nb"], ["PING"], ["get", "a b", "A\n"], ["ECHO", ""]];
  expect(text(parse([wire]))).toEqual(expected);
  for (let at = 0; at <= wire.length; at++) {
    expect(text(parse([wire.subarray(0, at), wire.subarray(at)])), `split at ${at}`).toEqual(expected);
  }
  expect(text(parse([...wire].map((byte) => Buffer.of(byte))))).toEqual(expected);
});

test(`any commands survive any split (seed ${seed})`, () => {
  const argument = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.nat(200_000).map((n) => Buffer.alloc(n, n & 255)),
  );
  const commands = fc.array(fc.array(argument, { minLength: 1, maxLength: 6 }), { maxLength: 5 });
  fc.assert(
    fc.property(commands, fc.array(fc.nat(300_000), { maxLength: 8 }), (list, cuts) => {
      const expected = list.map((command) => command.map((arg) => Buffer.from(arg)));
      const wire = Buffer.concat(expected.map(encode));
      const places = [0, ...cuts.map((cut) => Math.min(cut, wire.length)).sort((a, b) => a - b), wire.length];
      const chunks = places.slice(1).map((end, i) => Buffer.from(wire.subarray(places[i], end)));
      const got = parse(chunks);
      expect(got.map((command) => command.length)).toEqual(expected.map((command) => command.length));
      expect(got.flat().every((arg, i) => arg.equals(expected.flat()[i] as Buffer))).toBe(true);
    }),
    { seed, numRuns: 100 },
  );
});

test(`random bytes give commands or a protocol error, never anything else (seed ${seed})`, () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "*1\r\n",
      "*2\r\n$3\r\n",
      "$1\r\nx\r\n",
      "\r\n",
      "*",
      "$",
      "-",
      "'",
      '"',
      "\\",
      "PING\r\n",
    ),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        for (const command of parse(pieces.map((p) => Buffer.from(p, "latin1"))))
          expect(command.length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
    { seed, numRuns: 3000 },
  );
});

test.each([
  ["*1025\r\n", "invalid multibulk length"],
  ["*x\r\n", "invalid multibulk length"],
  ["*\r\n", "invalid multibulk length"],
  [`*${"0".repeat(40)}`, "too big mbulk count string"],
  ["*1\r\n$1048577\r\n", "invalid bulk length"],
  ["*1\r\n$-1\r\n", "invalid bulk length"],
  [`*1\r\n$${"0".repeat(40)}`, "too big bulk count string"],
  ["*1\r\n:1\r\n", "expected '$', got ':'"],
  ["*1\r\n\x01", "expected '$', got '\\x01'"],
  ["*1\r\n$1\r\nabc\r\n", "bulk string does not end with CR LF"],
  ['get "a\r\n', "unbalanced quotes in request"],
  ["get 'a'b\r\n", "unbalanced quotes in request"],
  ["x".repeat(1025), "too big inline request"],
])("%j is refused: %s", (wire, message) => {
  expect(() => parse([Buffer.from(wire, "latin1")])).toThrow(new ProtocolError(message));
});

test("all arguments of a command together are limited", () => {
  const wire = encode([Buffer.alloc(1 << 20), Buffer.alloc(1 << 20), Buffer.alloc(1)]);
  expect(() => parse([wire])).toThrow("ERR Protocol error: too big request");
});

test("an announced bulk takes memory as bytes come, not as announced", () => {
  const before = process.memoryUsage().arrayBuffers;
  const parsers = Array.from(
    { length: 64 },
    () => new CommandParser({ ...limits, bulkBytes: 1 << 24, commandBytes: 1 << 25 }),
  );
  for (const parser of parsers) {
    parser.push(Buffer.from("*1\r\n$16777216\r\nabc"));
    expect(parser.next()).toBeNull();
    expect(parser.midCommand).toBe(true);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 128 * 1024);
});
