/** Rows are cut where their keys say, however they come; nothing is lost, and no key's chunk depends on other columns. */
import { createHash } from "node:crypto";
import { decodePayload, encodingOfByte } from "@datadb/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SLAB_BYTES, slabMemory } from "../../../chunker/slab-memory.ts";
import { EncodingPacker } from "../../../ingest/encoding-packer.ts";
import { type SlabBatch, SlabPacker } from "../../../ingest/slab-packer.ts";
import { keyHash } from "./key-hash.ts";
import { RowCutter } from "./row-cutter.ts";
import { decideFrom, MAX_CHUNK_BYTES, thresholdFor } from "./threshold.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);

const nameOf = (chunk: Buffer): string => createHash("sha256").update(chunk).digest("hex");

interface Cut {
  chunks: Buffer[];
  names: string[];
  marks: number[];
  rows: number;
  threshold: number;
}

/** Cuts rows as they would come from a socket, in pieces of `piece` bytes; slabs are taken in turn and never given back. */
async function cut(
  rows: readonly Buffer[],
  threshold: number,
  piece = 100_000,
  fields: number[] | null = [0],
  Packer = SlabPacker,
  thresholdBefore = 0,
): Promise<Cut> {
  const slabs = 3 + Math.ceil(rows.reduce((sum, row) => sum + row.length, 0) / (SLAB_BYTES / 4));
  const memory = slabMemory(slabs);
  let next = 0;
  const batches: SlabBatch[] = [];
  const exchange = { acquire: async () => next++, post: (batch: SlabBatch) => void batches.push(batch) };
  const packer = new Packer(memory, "sha256", exchange);
  const cutter = new RowCutter(packer, keyHash(fields, "text"), threshold, { thresholdBefore });
  for (const row of rows) await feed(cutter, row, piece);
  if (!cutter.end()) await cutter.room();
  cutter.finish();
  packer.flush();
  const run = cutter.takeRun();
  const chunks = batches.flatMap((batch) => contentsOf(packer.view, batch));
  expect(run.lengths).toEqual(chunks.map(({ length }) => length));
  const names = chunks.map(nameOf);
  expect(run.names.map((name) => name.toString("hex"))).toEqual(names);
  return { chunks, names, marks: run.marks, rows: cutter.rows, threshold: cutter.threshold };
}

/** What lies in a slab, or what becomes of it. */
function contentsOf(view: Buffer, { ranges, encoded }: SlabBatch): Buffer[] {
  const at = (from: Uint32Array, i: number): Buffer =>
    Buffer.from(view.subarray(from[i * 2]!, from[i * 2]! + from[i * 2 + 1]!));
  return Array.from({ length: ranges.length / 2 }, (_, i) => {
    if (encoded === null) return at(ranges, i);
    const encoding = encodingOfByte(encoded.encodings[i]!);
    const length = ranges[i * 2 + 1]!;
    const payload = at(encoded.ranges, i);
    return decodePayload({ kind: "data", name: Buffer.alloc(0), base: null, encoding, length, payload });
  });
}

async function feed(cutter: RowCutter, row: Buffer, piece: number): Promise<void> {
  if (!cutter.begin(row.length)) await cutter.room();
  for (let at = 0; at < row.length; ) {
    const taken = cutter.write(row, at, Math.min(row.length, at + piece));
    if (taken === 0) await cutter.room();
    at += taken;
  }
}

const row = (key: number, text = "x".repeat(key % 90)): Buffer => Buffer.from(`${key}\t${text}\n`);
const rowLengths = (most: number): fc.Arbitrary<number[]> =>
  fc.array(fc.oneof(fc.nat(200), fc.nat(20_000), fc.nat(MAX_CHUNK_BYTES * 2)), { maxLength: most });
const rowsTo = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => row(i));

test("chunks together are the rows, each ends with a row, and most end where a key says", async () => {
  const rows = rowsTo(60_000);
  const { chunks, marks, rows: counted, threshold } = await cut(rows, 0);
  expect(Buffer.concat(chunks).equals(Buffer.concat(rows))).toBe(true);
  expect(counted).toBe(60_000);
  for (const chunk of chunks) expect(chunk.at(-1)).toBe(10);
  expect(threshold).toBe(
    decideFrom(
      rows.map(({ length }) => length),
      true,
    ),
  );
  const mean = Buffer.concat(rows).length / chunks.length;
  expect(mean).toBeGreaterThan(32 << 10);
  expect(mean).toBeLessThan(128 << 10);
  expect(marks.filter((mark) => mark === 0).length).toBeLessThanOrEqual(chunks.length / 20 + 2);
});

test("a changed row changes its own chunk; a new or removed one at most two", async () => {
  const rows = rowsTo(40_000);
  const before = new Set((await cut(rows, 512)).chunks.map(String));
  const changes: [string, Buffer[]][] = [
    ["changed", rows.with(20_000, row(20_000, "something else altogether, and longer"))],
    ["removed", rows.toSpliced(20_000, 1)],
    ["inserted", rows.toSpliced(20_000, 0, Buffer.from("20000.5\tnew\n"))],
  ];
  for (const [what, after] of changes) {
    const fresh = (await cut(after, 512)).chunks.filter((chunk) => !before.has(String(chunk)));
    expect(fresh.length, what).toBeLessThanOrEqual(what === "changed" ? 1 : 2);
  }
});

test("where pieces of the stream end makes no difference", async () => {
  const rows = rowsTo(3_000);
  const whole = await cut(rows, 0);
  for (const piece of [1, 7, 64]) expect((await cut(rows, 0, piece)).names).toEqual(whole.names);
});

test("a row longer than a chunk may be is cut by itself, wherever it comes", async () => {
  const long = Buffer.concat([
    Buffer.from("7\t"),
    Buffer.alloc(MAX_CHUNK_BYTES * 9 + 5, "y"),
    Buffer.from("\n"),
  ]);
  const first = await cut([...rowsTo(100), long, ...rowsTo(50)], 64);
  const second = await cut([...rowsTo(900), long], 64);
  const pieces = (all: Buffer[]): Buffer[] => all.filter((chunk) => chunk.includes("yyyy"));
  expect(pieces(second.chunks).map(nameOf)).toEqual(pieces(first.chunks).map(nameOf));
  expect(Buffer.concat(pieces(first.chunks)).equals(long)).toBe(true);
  expect(first.rows).toBe(151);
  for (const { length } of first.chunks) expect(length).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
});

test("keys whose hashes never end a chunk are cut by length", async () => {
  const rows = Array.from({ length: 3000 }, () => Buffer.from(`same\t${"z".repeat(1000)}\n`));
  const hash = keyHash([0], "text");
  expect(hash(rows[0]!, 0, rows[0]!.length) & 1023).not.toBe(0);
  const { chunks } = await cut(rows, 1024);
  expect(chunks.slice(0, -1).every(({ length }) => length > MAX_CHUNK_BYTES - 1100)).toBe(true);
});

test("property: any rows come out as they went in, in chunks no longer than the limit", async () => {
  await fc.assert(
    fc.asyncProperty(
      rowLengths(40),
      fc.constantFrom(0, 1, 16),
      fc.integer({ min: 1, max: 70_000 }),
      async (sizes, threshold, piece) => {
        const rows = sizes.map((size, i) => row(i, "v".repeat(size)));
        const { chunks } = await cut(rows, threshold, Math.max(piece, 1000));
        expect(Buffer.concat(chunks).equals(Buffer.concat(rows))).toBe(true);
        for (const { length } of chunks) expect(length).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
      },
    ),
    { seed, numRuns: 40 },
  );
});

test("the hash is that of the key's fields alone, in text and binary", () => {
  const hash = (text: string, fields: number[]): number =>
    keyHash(fields, "text")(Buffer.from(text), 0, text.length);
  expect(hash("1\ta\tb\n", [0])).toBe(hash("1\tother\n", [0]));
  expect(hash("x\t1\ty\t2\tz\n", [1, 3])).toBe(hash("1\t2\n", [0, 1]));
  expect(hash("1\t2\n", [0, 1])).not.toBe(hash("12\t\n", [0, 1]));
  const binary = (...fields: string[]): Buffer =>
    Buffer.concat([
      Buffer.from([0, fields.length]),
      ...fields.map((text) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])),
    ]);
  const key = keyHash([1], "binary");
  const [a, b, c] = [binary("x", "key", "y"), binary("longer", "key"), binary("x", "kez")];
  expect(key(a!, 0, a!.length)).toBe(key(b!, 0, b!.length));
  expect(key(a!, 0, a!.length)).not.toBe(key(c!, 0, c!.length));
  // Permanent: what is cut today must be cut so for ever.
  expect([hash("42\tx\n", [0]), hash("42\tx\n", [0, 1])]).toEqual([686566589, 4210940152]);
});

test("a threshold is a power of two, kept while chunks have a good size", () => {
  expect(thresholdFor(64 * 1000, 1000)).toBe(1024);
  expect(thresholdFor(1 << 30, 10)).toBe(1);
  expect(thresholdFor(256_000, 1000, 512)).toBe(512);
  expect(thresholdFor(25_600, 1000, 256)).toBe(2048);
  expect(thresholdFor(2_560_000, 1000, 256)).toBe(32);
  expect(thresholdFor(100_000_000, 10, 1)).toBe(1);
  expect(thresholdFor(256_000, 1000, 255)).toBe(256);
});

test.each([
  ["a long row", [300_000]],
  ["long rows, more than fit into a chunk", [300_000, 200_000, 400_000]],
  ["a row that is cut itself", [MAX_CHUNK_BYTES * 3]],
  ["rows of all lengths", [MAX_CHUNK_BYTES * 2, 10, 400_000, 20, MAX_CHUNK_BYTES + 1, 30]],
])("%s before all others does not decide for them", async (_, lengths) => {
  const first = lengths.map((length, i) => Buffer.from(`0${i}\t${"l".repeat(length)}\n`));
  const rows = [...first, ...rowsTo(60_000)];
  const { chunks, rows: counted, threshold } = await cut(rows, 0);
  expect(Buffer.concat(chunks).equals(Buffer.concat(rows))).toBe(true);
  expect(counted).toBe(rows.length);
  expect(threshold).toBeGreaterThanOrEqual(256);
  expect(chunks.length).toBeLessThan(300);
});

test("rows that did not change are cut as they were, whatever was before", async () => {
  const before = fc.oneof(
    fc.constantFrom(0, 3, 1 << 20),
    fc.nat(20).map((power) => 2 ** power),
  );
  await fc.assert(
    fc.asyncProperty(rowLengths(30), before, async (lengths, first) => {
      const rows = lengths.map((length, key) => row(key, "x".repeat(length)));
      const decided = decideFrom(
        rows.map(({ length }) => length),
        true,
        first,
      );
      const once = await cut(rows, 0, undefined, [0], SlabPacker, first);
      expect(once.threshold).toBe(decided);
      expect((await cut(rows, decided!)).names).toEqual(once.names);
      const twice = await cut(rows, 0, undefined, [0], SlabPacker, once.threshold);
      expect([twice.threshold, twice.names]).toEqual([once.threshold, once.names]);
    }),
  );
});

describe("rows that are encoded as they are cut", () => {
  const same = async (rows: readonly Buffer[], threshold: number, piece?: number): Promise<Cut> => {
    const encoded = await cut(rows, threshold, piece, [0], EncodingPacker);
    const plain = await cut(rows, threshold, piece);
    expect(encoded.names).toEqual(plain.names);
    expect(encoded.marks).toEqual(plain.marks);
    expect([encoded.rows, encoded.threshold]).toEqual([plain.rows, plain.threshold]);
    return encoded;
  };

  test("are cut alike, over several slabs", async () => {
    const rows = rowsTo(400_000);
    const { chunks } = await same(rows, 0);
    expect(Buffer.concat(chunks).equals(Buffer.concat(rows))).toBe(true);
  });

  test("fill slabs when they do not shrink", async () => {
    const noise = Array.from({ length: 300 }, (_, i) => row(i, randomText(i, 50_000)));
    for (const threshold of [0, 1, 4, 1 << 20]) await same(noise, threshold);
  });

  test("may each be a chunk, however short", async () => {
    const { chunks } = await same(rowsTo(3000), 1);
    expect(chunks.length).toBe(3000);
  });

  test("property: come out as they went in", async () => {
    await fc.assert(
      fc.asyncProperty(
        rowLengths(60),
        fc.constantFrom(0, 1, 16),
        fc.boolean(),
        async (sizes, threshold, shrinks) => {
          const text = (i: number, size: number): string =>
            shrinks ? "v".repeat(size) : randomText(i, size);
          await same(
            sizes.map((size, i) => row(i, text(i, size))),
            threshold,
            5000,
          );
        },
      ),
      { seed, numRuns: 40 },
    );
  });
});

/** Of 64 characters: it shrinks by a quarter at most. */
function randomText(salt: number, length: number): string {
  const parts: string[] = [];
  for (let i = 0; i * 43 < length; i++)
    parts.push(createHash("sha256").update(`${salt} ${i}`).digest("base64url"));
  return parts.join("").slice(0, length);
}
