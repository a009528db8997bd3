import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DamagedError } from "../errors.ts";
import { type HashAlgorithm, hashLength, hashOf } from "../hash.ts";
import { encodeCheckpointLeaf } from "../nodes/checkpoint-node.ts";
import { SEED } from "../seed.ts";
import { CheckpointBuilder } from "./checkpoint-builder.ts";
import { type NodeStore, nodeStore } from "./node-store.ts";
import { readCheckpoint } from "./read-checkpoint.ts";

type Entries = (readonly [Buffer, Buffer])[];

function build(algorithm: HashAlgorithm, entries: Entries, store: NodeStore): Buffer | null {
  const builder = new CheckpointBuilder(algorithm, store.emit);
  for (const [key, value] of entries) builder.add(key, value);
  return builder.finish();
}

async function readAll(store: NodeStore, algorithm: HashAlgorithm, root: Buffer | null): Promise<Entries> {
  const entries: Entries = [];
  for await (const entry of readCheckpoint(store.fetch, algorithm, root)) entries.push(entry);
  return entries;
}

describe.each<HashAlgorithm>(["sha256", "sha1"])(`checkpoints, %s, DATADB_TEST_SEED=${SEED}`, (algorithm) => {
  const n = hashLength(algorithm);
  const some = fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes));
  const keyspace = fc
    .uniqueArray(fc.tuple(some, some), {
      size: "max",
      maxLength: 800,
      selector: ([key]) => key.toString("hex"),
    })
    .map((entries) => entries.toSorted(([a], [b]) => Buffer.compare(a, b)));

  test("a reader gives back what the builder got", async () => {
    await fc.assert(
      fc.asyncProperty(keyspace, async (entries) => {
        const store = nodeStore(n);
        expect(await readAll(store, algorithm, build(algorithm, entries, store))).toEqual(entries);
      }),
      { seed: SEED, numRuns: 50 },
    );
  });

  test("a changed value rewrites one path", () => {
    const key = (i: number) => Buffer.from(String(i).padStart(6, "0"));
    const all: Entries = Array.from({ length: 20_000 }, (_, i) => [key(i), Buffer.from(`value ${i}`)]);
    const before = nodeStore(n);
    const after = nodeStore(n);
    build(algorithm, all, before);
    build(algorithm, all.with(9000, [key(9000), Buffer.from("other")]), after);
    expect([...after.nodes.keys()].filter((name) => !before.nodes.has(name)).length).toBeLessThanOrEqual(4);
  });

  test("values of many sizes, keys longer than a block of the hash", async () => {
    const entries: Entries = Array.from({ length: 40 }, (_, i) => [
      Buffer.from(`${String(i).padStart(3, "0")}${"k".repeat(i * 30)}`),
      Buffer.alloc(i * 20_000, i),
    ]);
    const store = nodeStore(n);
    const root = build(algorithm, entries, store);
    const found = await readAll(store, algorithm, root);
    expect(found.length).toBe(entries.length);
    expect(Buffer.concat(found.flat()).equals(Buffer.concat(entries.flat()))).toBe(true);
    for (const node of store.nodes.values()) expect(node.length).toBeLessThan(1024 * 1024 + 100);
  });

  test("order is the caller's duty, and damage when read", async () => {
    const builder = new CheckpointBuilder(algorithm, () => {});
    const [a, b] = [Buffer.from("a"), Buffer.from("b")];
    builder.add(b, a);
    expect(() => builder.add(a, a)).toThrow(TypeError);
    expect(() => builder.add(Buffer.from("c"), Buffer.alloc(16 * 1024 * 1024))).toThrow(RangeError);
    const store = nodeStore(n);
    const node = encodeCheckpointLeaf([
      [b, a],
      [a, a],
    ]);
    const root = hashOf(algorithm, node);
    store.nodes.set(root.toString("hex"), node);
    await expect(readAll(store, algorithm, root)).rejects.toThrow(DamagedError);
    expect(await readAll(store, algorithm, null)).toEqual([]);
  });
});
