import { createHash } from "node:crypto";
import type { ChunkerParameters } from "@datadb/protocol";
import { describe, expect, it } from "vitest";
import type { Chunker } from "./chunker.ts";
import { chunkerFactory } from "./open-chunker.ts";
import { SLAB_BYTES, slabMemory, slabStart } from "./slab-memory.ts";

const KIB = 1024;
const sizes = { min: 16 * KIB, avg: 64 * KIB, max: 256 * KIB };
const seed = Number(process.env["DATADB_TEST_SEED"] ?? 20_261_121);
console.log(`chunker.test.ts: DATADB_TEST_SEED=${seed}`);

/** Deterministic bytes: SHA-256 in counter mode. */
function bytes(label: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    createHash("sha256").update(`${label} ${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

/** Permanent: a change here makes every store cut its next backup anew. */
const golden = {
  gear: [44718, 175684, 201198, 251466, 327174, 469867, 500297, 577784, 624396, 690581, 952725, 973259],
  fastcdc: [44718, 112304, 175684, 250326, 327174, 434311, 500297, 577153, 624396, 690581, 761812, 828785],
  rabin: [40035, 212453, 230062, 324733, 376455, 417586, 501586, 538531, 563854, 674716, 780982, 936763],
};

/** Cuts a whole stream, fed in pieces of the given sizes (again and again), through slab after slab. */
function cutAll(chunker: Chunker, memory: WebAssembly.Memory, stream: Buffer, pieces: number[]): number[] {
  const view = Buffer.from(memory.buffer);
  const ends: number[] = [];
  chunker.restart();
  let piece = 0;
  for (let at = 0; at < stream.length; piece++) {
    const length = Math.min(pieces[piece % pieces.length]!, stream.length - at);
    const from = slabStart(piece % 2);
    stream.copy(view, from, at, at + length);
    for (const end of chunker.cut(from, from + length)) ends.push(end - from + at);
    at += length;
  }
  if (ends.at(-1) !== stream.length) ends.push(stream.length);
  return ends;
}

const chunkIds = (stream: Buffer, ends: number[]): Set<string> =>
  new Set(
    ends.map((end, i) =>
      createHash("md5")
        .update(stream.subarray(ends[i - 1] ?? 0, end))
        .digest("hex"),
    ),
  );

describe.each(["gear", "fastcdc", "rabin"] as const)("%s", async (algorithm) => {
  const parameters: ChunkerParameters = { algorithm, ...sizes };
  const memory = slabMemory(2);
  const chunker = (await chunkerFactory(memory, parameters))();
  const stream = bytes("golden", 4 << 20);

  it("cuts where it always did", () => {
    expect(cutAll(chunker, memory, stream, [SLAB_BYTES]).slice(0, 12)).toEqual(golden[algorithm]);
  });

  it("cuts independently of how the stream was read", () => {
    const whole = cutAll(chunker, memory, stream, [SLAB_BYTES]);
    let state = seed;
    const random = Array.from({ length: 97 }, () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return 1 + (state % (200 * KIB));
    });
    for (const pieces of [[64 * KIB], [1 << 20], [7919], random, [1, 16 * KIB - 1, 2, 300 * KIB]]) {
      expect(cutAll(chunker, memory, stream, pieces)).toEqual(whole);
    }
  });

  it("keeps sizes between min and max, around the average", () => {
    const ends = cutAll(chunker, memory, stream, [SLAB_BYTES]);
    const lengths = ends.map((end, i) => end - (ends[i - 1] ?? 0));
    for (const length of lengths.slice(0, -1)) expect(length).toBeGreaterThanOrEqual(sizes.min);
    for (const length of lengths) expect(length).toBeLessThanOrEqual(sizes.max);
    const mean = stream.length / lengths.length;
    expect(mean).toBeGreaterThan(48 * KIB);
    expect(mean).toBeLessThan(112 * KIB);
  });

  it("finds the old chunks again around edits", () => {
    const before = chunkIds(stream, cutAll(chunker, memory, stream, [SLAB_BYTES]));
    const edits = 8;
    const parts: Buffer[] = [];
    for (let i = 0; i < edits; i++) {
      const at = Math.floor((stream.length / edits) * i);
      parts.push(
        stream.subarray(at, Math.floor((stream.length / edits) * (i + 1))),
        Buffer.from(`edit ${seed} ${i}`),
      );
    }
    const edited = Buffer.concat(parts);
    const after = chunkIds(edited, cutAll(chunker, memory, edited, [SLAB_BYTES]));
    const fresh = [...after].filter((id) => !before.has(id)).length;
    expect(fresh).toBeLessThanOrEqual(edits * 3);
  });
});

it("cuts at the same places however long the chunk before them has become", async () => {
  const memory = slabMemory(2);
  const chunker = (await chunkerFactory(memory, { algorithm: "gear", ...sizes }))();
  const stream = bytes("golden", 4 << 20);
  const ends = cutAll(chunker, memory, stream, [SLAB_BYTES]);
  // In the second chunk: what is put there cuts nothing, and does not bring it to the maximum.
  const at = 110_000;
  for (let added = 1; added < 120_000; added = added * 3 + 7) {
    const longer = Buffer.concat([stream.subarray(0, at), Buffer.alloc(added, "x"), stream.subarray(at)]);
    const moved = ends.map((end) => (end > at ? end + added : end));
    expect(cutAll(chunker, memory, longer, [SLAB_BYTES]), String(added)).toEqual(moved);
  }
});

it("never cuts a run of one byte value before the maximum", async () => {
  const memory = slabMemory(1);
  const chunker = (await chunkerFactory(memory, { algorithm: "gear", ...sizes }))();
  const view = Buffer.from(memory.buffer);
  const from = slabStart(0);
  for (let value = 0; value < 256; value++) {
    view.fill(value, from, from + 2 * sizes.max);
    chunker.restart();
    expect(chunker.cut(from, from + 2 * sizes.max)).toEqual([from + sizes.max, from + 2 * sizes.max]);
  }
});

it("cuts faster than anything can be read", async () => {
  const memory = slabMemory(2);
  const chunker = (await chunkerFactory(memory, { algorithm: "gear", ...sizes }))();
  bytes("speed", SLAB_BYTES).copy(Buffer.from(memory.buffer), slabStart(0));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round++) {
    const start = performance.now();
    chunker.cut(slabStart(0), slabStart(0) + SLAB_BYTES);
    best = Math.min(best, performance.now() - start);
  }
  const rate = SLAB_BYTES / best / 1e6;
  console.log(`gear: ${rate.toFixed(2)} GB/s`);
  // A machine may be busy; a chunker that lost its loop unrolling or was compiled without -O3 is ten times slower.
  expect(rate).toBeGreaterThan(0.8);
});
