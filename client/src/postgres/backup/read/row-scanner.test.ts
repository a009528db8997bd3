/** What takes many rows at once cuts them as what takes one after another does, wherever the pieces of the stream end. */
import { EventEmitter } from "node:events";
import fc from "fast-check";
import type pg from "pg";
import { expect, test } from "vitest";
import { SLAB_BYTES, slabMemory, slabStart } from "../../../chunker/slab-memory.ts";
import { type SlabBatch, SlabPacker } from "../../../ingest/slab-packer.ts";
import { copyOut } from "./copy-out.ts";
import { keyHash } from "./key-hash.ts";
import { RowCutter } from "./row-cutter.ts";
import { rowScanner } from "./row-scanner.ts";
import { decideFrom, MAX_CHUNK_BYTES, MOST_DECIDING_BYTES } from "./threshold.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);

const message = (type: string, body: Buffer): Buffer => {
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
};

interface Reading {
  rows: readonly Buffer[];
  fields: readonly number[] | null;
  threshold: number;
  thresholdBefore?: number;
  /** Bytes of the stream that come together. */
  pieces: readonly number[];
  sorts?: boolean;
}

/** Reads rows as from a server, whose bytes lie beside the slabs. */
async function read(reading: Reading, scans: boolean) {
  const { rows, fields, threshold, thresholdBefore = 0, pieces, sorts = false } = reading;
  const bytes = Buffer.concat([
    message("H", Buffer.alloc(3)),
    ...rows.map((row) => message("d", row)),
    message("c", Buffer.alloc(0)),
    message("Z", Buffer.from("I")),
  ]);
  const slabs = 3 + Math.ceil(bytes.length / (SLAB_BYTES / 2));
  const memory = slabMemory(slabs + Math.ceil(bytes.length / SLAB_BYTES));
  const input = Buffer.from(memory.buffer, slabStart(slabs), bytes.length);
  bytes.copy(input);
  let next = 0;
  const batches: SlabBatch[] = [];
  const packer = new SlabPacker(memory, "sha256", {
    acquire: async () => next++,
    post: (batch) => void batches.push(batch),
  });
  const scanner = rowScanner(memory);
  if (scans) expect(scanner.begin(fields, "text")).toBe(true);
  const cutter = new RowCutter(packer, keyHash(fields, "text"), threshold, {
    thresholdBefore,
    scanner: scans ? scanner : null,
    sorts,
  });
  const stream = Object.assign(new EventEmitter(), { pause() {}, resume() {} });
  let driver = "";
  const client = {
    query(copy: { submit(connection: unknown): void; handleReadyForQuery(): void }) {
      stream.on("data", (part: Buffer) => {
        driver += part.toString("latin1");
        if (driver.endsWith("Z\0\0\0\x05I")) copy.handleReadyForQuery();
      });
      copy.submit({ stream, query() {} });
      for (let at = 0, i = 0; at < input.length; i++) {
        const end = Math.min(input.length, at + pieces[i % pieces.length]!);
        stream.emit("data", input.subarray(at, end));
        at = end;
      }
    },
  };
  await copyOut(client as unknown as pg.Client, { sql: "COPY", sink: cutter });
  cutter.finish();
  packer.flush();
  const { names, lengths, marks } = cutter.takeRun();
  const shown = names.map((name) => name.toString("hex"));
  const { bytes: taken, isUnsorted, threshold: decided } = cutter;
  return {
    names: shown,
    lengths,
    marks,
    rows: cutter.rows,
    bytes: taken,
    driver,
    isUnsorted,
    threshold: decided,
  };
}

const field = fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[\t\n]/g, ""));
const line = fc.array(field, { maxLength: 8 }).map((values) => Buffer.from(`${values.join("\t")}\n`));
const long = fc
  .tuple(field, fc.constantFrom(20_000, 70_000, 300_000, MAX_CHUNK_BYTES - 3, MAX_CHUNK_BYTES * 2 + 9))
  .map(([key, size]) => Buffer.from(`${key}\t${"v".repeat(size)}\n`));
const rows = fc
  .tuple(fc.array(line, { maxLength: 400 }), fc.array(long, { maxLength: 4 }), fc.nat())
  .map(([lines, longs, at]) => lines.toSpliced(at % (lines.length + 1), 0, ...longs));

const pieces = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 4 }), fc.integer({ min: 9000, max: 90_000 }))
  .map(([small, large]) => [...small, large]);

test("property: chunks, marks and counts are the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        rows,
        fields: fc.constantFrom([0], [1], [0, 2], [3, 40, 63], null),
        threshold: fc.constantFrom(0, 1, 2, 8, 64),
        thresholdBefore: fc.constantFrom(0, 16, 256),
        pieces,
      }),
      async (reading) => {
        expect(await read(reading, true)).toEqual(await read(reading, false));
      },
    ),
    { seed, numRuns: 40 },
  );
});

test("long rows that are nearly enough leave the next ones to decide, each alone", async () => {
  const lengths = [
    ...Array<number>(16).fill(MAX_CHUNK_BYTES + 1),
    MOST_DECIDING_BYTES - 100_000,
    ...Array<number>(30).fill(3000),
    ...Array<number>(1500).fill(30),
  ];
  const reading = {
    rows: lengths.map((length, i) => Buffer.from(`${`${i}\t`.padEnd(length - 1, "v")}\n`)),
    fields: [0],
    threshold: 0,
  };
  const decided = decideFrom(lengths, true);
  for (const piece of [700, 1 << 18]) {
    const scanned = await read({ ...reading, pieces: [piece] }, true);
    expect(scanned.threshold).toBe(decided);
    expect(scanned).toEqual(await read({ ...reading, pieces: [piece] }, false));
  }
});

const key = fc.oneof(
  fc.integer({ min: -2000, max: 2000 }).map(BigInt),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const rowOf = (id: bigint, text: string): Buffer => Buffer.from(`${id}\t${text}\n`);

test("property: rows that come as they lie are cut as those in order", async () => {
  let unsorted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(key, { maxLength: 2500 }),
      fc.nat(3),
      fc.constantFrom(0, 1, 2, 64),
      pieces,
      fc.constantFrom(3, 90, 400),
      async (keys, swaps, threshold, pieces, width) => {
        const inOrder = keys.toSorted((a, b) => (a < b ? -1 : 1));
        const lying = swaps === 3 ? keys : inOrder.slice();
        for (let i = 0; swaps < 3 && i < swaps && lying.length > 0; i++) lying.push(...lying.splice(i, 1));
        const rows = (of: readonly bigint[]): Buffer[] =>
          of.map((id) => rowOf(id, "v".repeat(Number(((id % 97n) + 97n) % 97n) * (width / 90))));
        const plain = await read({ rows: rows(inOrder), fields: [0], threshold, pieces }, false);
        const sorted = await read({ rows: rows(lying), fields: [0], threshold, pieces, sorts: true }, true);
        if (sorted.isUnsorted) unsorted++;
        if (sorted.isUnsorted) expect(plain.bytes).toBeGreaterThan(MAX_CHUNK_BYTES);
        else expect(sorted).toEqual(plain);
      },
    ),
    { seed, numRuns: 60 },
  );
  expect(unsorted).toBeLessThan(30);
});

test.each([
  ["one row too many", [MAX_CHUNK_BYTES - 10, 20], 0],
  ["a row that is longer than a chunk", [5, MAX_CHUNK_BYTES + 1, 9], 0],
  ["as many as there may be", [MAX_CHUNK_BYTES - 30, 20], 1],
])("%s: all are sorted, or none is kept", async (_, lengths, chunks) => {
  const rows = lengths.map((length, i) => rowOf(BigInt(9 - i), "v".repeat(length - 3)));
  const { names, isUnsorted } = await read(
    { rows, fields: [0], threshold: 1 << 20, pieces: [70_000], sorts: true },
    true,
  );
  expect([names.length, isUnsorted]).toEqual([chunks, chunks === 0]);
});

test("it takes whole rows as long as they fit, and stops behind one that ends a chunk", () => {
  const memory = slabMemory(2);
  const view = Buffer.from(memory.buffer);
  const [from, to] = [slabStart(0), slabStart(1)];
  const all = Buffer.concat([1, 2, 3].map((key) => message("d", Buffer.from(`${key}\tabc\n`))));
  all.copy(view, from);
  const { begin, wasm } = rowScanner(memory);
  begin([0], "text");
  const end = from + all.length;
  expect(wasm.take(from, end - 1, to, 0, to + 100, 0xffff)).toBe(from + 22);
  expect([wasm.takenRows(), wasm.begunBytes(), wasm.hasEnded()]).toEqual([2, 12, 0]);
  expect(view.toString("latin1", to, to + 12)).toBe("1\tabc\n2\tabc\n");
  expect(wasm.take(from, end, to, 90, to + 100, 0xffff)).toBe(from + 11);
  expect(wasm.take(from, end, to, 0, to + 100, 0)).toBe(from + 11);
  expect(wasm.hasEnded()).toBe(1);
  view[from] = "Z".charCodeAt(0);
  expect(wasm.take(from, end, to, 0, to + 100, 0xffff)).toBe(from);
});

test("the sum is that of the rows which were taken, however many come in one go", () => {
  const memory = slabMemory(2);
  const view = Buffer.from(memory.buffer);
  const [from, to] = [slabStart(0), slabStart(1)];
  const lines = Array.from({ length: 11 }, (_, i) => Buffer.from(`${i}\t${"v".repeat(i * 7)}\n`));
  const all = Buffer.concat(lines.map((line) => message("d", line)));
  all.copy(view, from);
  const { begin, wasm } = rowScanner(memory);
  const sum = { seed: 5n, columns: 2, ints: 1n, longs: 0n, nullable: 2n, hash: "" };
  begin([0], "text", sum);
  let alone = 0n;
  for (const line of lines) {
    line.copy(view, to);
    wasm.addRow(to, to + line.length);
    alone = BigInt.asIntN(64, alone + wasm.takeSum());
  }
  for (const most of [all.length, 90, 200]) {
    for (let at = from; at < from + all.length; )
      at = wasm.take(at, Math.min(from + all.length, at + most), to, 0, to + 10_000, 0xffff_ffff);
    expect([wasm.summedRows(), wasm.takeSum()]).toEqual([lines.length, alone]);
  }
});

test("keys in the binary format, and far back in a row, are hashed one by one", () => {
  const { begin } = rowScanner(slabMemory(1));
  expect(begin([0], "binary")).toBe(false);
  expect(begin([1, 64], "text")).toBe(false);
  expect(begin(null, "text")).toBe(true);
});
