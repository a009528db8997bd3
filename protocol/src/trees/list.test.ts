import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DamagedError } from "../errors.ts";
import { type HashAlgorithm, hashLength, hashOf } from "../hash.ts";
import { decodeListLeaf, encodeListInner, encodeListLeaf, type ListEntry } from "../nodes/list-node.ts";
import { nodeType } from "../nodes/node-type.ts";
import { SEED } from "../seed.ts";
import { ListBuilder } from "./list-builder.ts";
import { type NodeStore, nodeStore } from "./node-store.ts";
import { type PlacedEntry, readList } from "./read-list.ts";

const nameOf = (algorithm: HashAlgorithm, text: string | number) =>
  hashOf(algorithm, Buffer.from(String(text)));

function build(algorithm: HashAlgorithm, entries: readonly ListEntry[], store: NodeStore) {
  const builder = new ListBuilder(algorithm, store.emit);
  for (const entry of entries) builder.add(entry);
  return builder.finish();
}

async function readAll(entries: AsyncIterable<PlacedEntry>): Promise<PlacedEntry[]> {
  const all: PlacedEntry[] = [];
  for await (const entry of entries) all.push({ ...entry, name: entry.name && Buffer.from(entry.name) });
  return all;
}

/** The entries as a reader gives them back: holes joined, nothing empty, each with its offset. */
function placed(entries: readonly ListEntry[]): PlacedEntry[] {
  const all: PlacedEntry[] = [];
  let offset = 0;
  for (const { name, length } of entries) {
    const last = all.at(-1);
    if (length === 0) continue;
    if (name === null && last?.name === null) last.length += length;
    else all.push({ name, length, offset });
    offset += length;
  }
  return all;
}

function chunks(algorithm: HashAlgorithm, count: number): ListEntry[] {
  return Array.from({ length: count }, (_, i) => ({ name: nameOf(algorithm, i), length: 1000 + (i % 50) }));
}

const algorithms: HashAlgorithm[] = ["sha256", "sha1"];

describe.each(algorithms)(`lists, %s, DATADB_TEST_SEED=${SEED}`, (algorithm) => {
  const n = hashLength(algorithm);
  const entry = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ name: fc.nat({ max: 500 }), length: fc.integer({ min: 1, max: 300_000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ name: fc.constant(null), length: fc.nat({ max: 2 ** 40 }) }) },
  );
  const stream = fc
    .array(entry, { size: "max", maxLength: 600 })
    .map((all) =>
      all.map(({ name, length }) => ({ name: name === null ? null : nameOf(algorithm, name), length })),
    );

  test("a reader gives back what the builder got, from any offset", async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.double({ min: 0, max: 1.1, noNaN: true }), async (entries, where) => {
        const store = nodeStore(n);
        const { ref, bytes, chunks: count } = build(algorithm, entries, store);
        const expected = placed(entries);
        expect(count).toBe(expected.filter(({ name }) => name !== null).length);
        expect(await readAll(readList(store.fetch, algorithm, ref, bytes))).toEqual(expected);
        const from = Math.floor(bytes * where);
        const rest = expected.filter(({ offset, length }) => offset + length > from);
        expect(await readAll(readList(store.fetch, algorithm, ref, bytes, { from }))).toEqual(rest);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  test("no bytes have no ref, one chunk is its own ref, one hole is a list", () => {
    const store = nodeStore(n);
    const name = nameOf(algorithm, 1);
    expect(build(algorithm, [], store)).toEqual({ ref: {}, bytes: 0, chunks: 0 });
    expect(build(algorithm, [{ name, length: 0 }], store).ref).toEqual({});
    expect(build(algorithm, [{ name, length: 5 }], store)).toEqual({
      ref: { chunk: name },
      bytes: 5,
      chunks: 1,
    });
    expect(store.nodes.size).toBe(0);
    const hole = build(algorithm, [{ name: null, length: 5 }], store);
    expect(hole).toEqual({
      ref: { list: hashOf(algorithm, encodeListLeaf([{ name: null, length: 5 }])) },
      bytes: 5,
      chunks: 0,
    });
  });

  test("the root of one node is that node, also when a level above would end there", () => {
    for (let i = 0; i < 200; i++) {
      const store = nodeStore(n);
      const { ref } = build(algorithm, [{ name: null, length: i + 1 }], store);
      expect(nodeType(store.nodes.get(ref.list!.toString("hex"))!)).toBe("list-leaf");
      expect(store.nodes.size).toBe(1);
    }
  });

  test("nodes end where the document says", () => {
    const store = nodeStore(n);
    build(algorithm, chunks(algorithm, 5000), store);
    const leaves = [...store.nodes.values()].filter((node) => nodeType(node) === "list-leaf");
    for (const [index, leaf] of leaves.entries()) {
      const names = decodeListLeaf(leaf, n).map(({ name }) => name!.readUInt32BE(0) % 16 === 0);
      expect(names.slice(0, -1)).not.toContain(true);
      if (index < leaves.length - 1) expect(names.at(-1) || names.length === 128).toBe(true);
    }
    expect(leaves.length).toBeGreaterThan(200);
  });

  test("names that never end a node are cut at the maximum, names that always do are not without end", async () => {
    for (const remainder of [1, 0]) {
      const names = [];
      for (let i = 0; names.length < 1000; i++) {
        const name = nameOf(algorithm, i);
        if ((name.readUInt32BE(0) % 16 === 0) === (remainder === 0)) names.push({ name, length: 1 });
      }
      const store = nodeStore(n);
      const { ref, bytes } = build(algorithm, names, store);
      expect(await readAll(readList(store.fetch, algorithm, ref, bytes))).toHaveLength(1000);
      expect(store.nodes.size).toBeLessThan(remainder === 0 ? 1400 : 30);
    }
  });

  test("an early change in a long stream rewrites one path", () => {
    const all = chunks(algorithm, 20_000);
    const before = nodeStore(n);
    build(algorithm, all, before);
    for (const at of [0, 5, 777, 10_000]) {
      const after = nodeStore(n);
      build(
        algorithm,
        [...all.slice(0, at), { name: nameOf(algorithm, `new ${at}`), length: 3 }, ...all.slice(at)],
        after,
      );
      const fresh = [...after.nodes].filter(([name]) => !before.nodes.has(name));
      // Two nodes a level at most: the changed one, and one split from it.
      expect(fresh.length).toBeLessThanOrEqual(16);
      expect(fresh.reduce((total, [, node]) => total + node.length, 0)).toBeLessThan(16_000);
    }
  });

  test("reading from far inside fetches one path, and whole streams are fetched in batches", async () => {
    const store = nodeStore(n);
    const { ref, bytes } = build(algorithm, chunks(algorithm, 20_000), store);
    for await (const _ of readList(store.fetch, algorithm, ref, bytes, { from: bytes - 1 })) break;
    expect(store.fetched.length).toBeLessThan(store.nodes.size / 10);
    const before = store.calls();
    await readAll(readList(store.fetch, algorithm, ref, bytes));
    expect(store.calls() - before).toBeLessThan(store.nodes.size / 3);
  });

  test("nodes that contradict each other are damage, named", async () => {
    const store = nodeStore(n);
    const put = (node: Buffer) => {
      const name = hashOf(algorithm, node);
      store.nodes.set(name.toString("hex"), node);
      return name;
    };
    const name = nameOf(algorithm, 1);
    const leaf = put(encodeListLeaf([{ name, length: 10 }]));
    const wrongSum = put(encodeListInner(1, [{ name: leaf, bytes: 11, entries: 1 }]));
    const wrongLevel = put(encodeListInner(2, [{ name: leaf, bytes: 10, entries: 1 }]));
    const inner = put(encodeListInner(1, [{ name: leaf, bytes: 10, entries: 1 }]));
    const sameLevel = put(encodeListInner(1, [{ name: inner, bytes: 10, entries: 1 }]));
    const meta = put(Buffer.from([5, 1]));
    const cases: [Buffer, number, Buffer][] = [
      [wrongSum, 11, leaf],
      [wrongLevel, 10, leaf],
      [sameLevel, 10, inner],
      [inner, 12, inner],
      [meta, 5, meta],
    ];
    for (const [list, size, blamed] of cases) {
      const read = readAll(readList(store.fetch, algorithm, { list }, size));
      await expect(read).rejects.toThrow(DamagedError);
      await expect(read).rejects.toThrow(blamed.toString("hex"));
    }
    await expect(readAll(readList(store.fetch, algorithm, {}, 5))).rejects.toThrow("no content");
    const absent = nameOf(algorithm, "absent");
    await expect(readAll(readList(store.fetch, algorithm, { list: absent }, 5))).rejects.toThrow("is absent");
  });

  test("a reader that stops early leaves no failure behind", async () => {
    const store = nodeStore(n);
    const leaf = encodeListLeaf([{ name: nameOf(algorithm, 1), length: 10 }]);
    const name = hashOf(algorithm, leaf);
    const root = encodeListInner(
      1,
      Array.from({ length: 64 }, () => ({ name, bytes: 10, entries: 1 })),
    );
    const list = hashOf(algorithm, root);
    store.nodes.set(name.toString("hex"), leaf);
    store.nodes.set(list.toString("hex"), root);
    /** The root and the first batch come, what is fetched ahead does not. */
    const failing = () => {
      let calls = 0;
      return async (names: readonly Buffer[]) => {
        calls += 1;
        if (calls > 2) throw new Error("unreachable");
        return store.fetch(names);
      };
    };
    for await (const first of readList(failing(), algorithm, { list }, 640)) {
      expect(first.offset).toBe(0);
      break;
    }
    await new Promise(setImmediate);
    await expect(readAll(readList(failing(), algorithm, { list }, 640))).rejects.toThrow("unreachable");
  });
});
