import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DamagedError } from "../errors.ts";
import { type HashAlgorithm, hashLength, hashOf } from "../hash.ts";
import { metaName } from "../nodes/decode-meta.ts";
import { decodeDirectoryInner, decodeDirectoryLeaf, encodeDirectoryLeaf } from "../nodes/directory-node.ts";
import { encodeMeta } from "../nodes/encode-meta.ts";
import { nodeType } from "../nodes/node-type.ts";
import { SEED } from "../seed.ts";
import { DirectoryBuilder } from "./directory-builder.ts";
import { type NodeStore, nodeStore } from "./node-store.ts";
import { findInDirectory, readDirectory, readEncodedMetas } from "./read-directory.ts";

function metaOf(name: Buffer, size = 1): Buffer {
  return encodeMeta({ name, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 5n, size });
}

function build(algorithm: HashAlgorithm, names: readonly Buffer[], store: NodeStore, changed?: Buffer) {
  const builder = new DirectoryBuilder(algorithm, store.emit);
  for (const name of names) builder.add(metaOf(name, changed?.equals(name) ? 2 : 1), name, 1, name.length);
  return builder.finish();
}

async function namesOf(metas: AsyncIterable<{ name: Buffer }>): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of metas) names.push(name.toString("hex"));
  return names;
}

const sorted = (names: readonly Buffer[]) => names.toSorted(Buffer.compare);
const hexes = (names: readonly Buffer[]) => names.map((name) => name.toString("hex"));
const many = sorted(Array.from({ length: 20_000 }, (_, i) => Buffer.from(`file ${i}`)));

/** The rule of docs/formats.md, written once more. */
function ends(name: Buffer, level: number): boolean {
  const hash = createHash("sha256").update(name).update(Buffer.of(level)).digest();
  return hash.readUInt32BE(0) % 64 === 0;
}

describe.each<HashAlgorithm>(["sha256", "sha1"])(`directories, %s, DATADB_TEST_SEED=${SEED}`, (algorithm) => {
  const n = hashLength(algorithm);
  const name = fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes));
  const names = fc
    .uniqueArray(name, { size: "max", maxLength: 800, selector: (one) => one.toString("hex") })
    .map(sorted);

  test("a reader gives back what the builder got, from any name, and finds what is there", async () => {
    await fc.assert(
      fc.asyncProperty(names, name, async (all, from) => {
        const store = nodeStore(n);
        const { directory, entries, bytes } = build(algorithm, all, store);
        expect([entries, bytes]).toEqual([all.length, all.reduce((total, one) => total + one.length, 0)]);
        expect(await namesOf(readDirectory(store.fetch, algorithm, directory))).toEqual(hexes(all));
        const rest = all.filter((one) => Buffer.compare(one, from) >= 0);
        expect(await namesOf(readDirectory(store.fetch, algorithm, directory, { from }))).toEqual(
          hexes(rest),
        );
        const found = await findInDirectory(store.fetch, algorithm, directory, from);
        expect(found?.name ?? null).toEqual(all.find((one) => one.equals(from)) ?? null);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  test("an empty directory has no node, a small one has one", () => {
    const store = nodeStore(n);
    expect(build(algorithm, [], store)).toEqual({ directory: null, entries: 0, bytes: 0 });
    const one = Buffer.from("a");
    expect(build(algorithm, [one], store).directory).toEqual(
      hashOf(algorithm, encodeDirectoryLeaf([metaOf(one)])),
    );
    expect(store.nodes.size).toBe(1);
  });

  test("nodes end where the document says, at every level", () => {
    const store = nodeStore(n);
    const { directory } = build(algorithm, many, store);
    for (const [name, node] of store.nodes) {
      const leaf = nodeType(node) === "directory-leaf";
      const { level, children } = leaf ? { level: 0, children: [] } : decodeDirectoryInner(node, n);
      const keys = leaf
        ? decodeDirectoryLeaf(node).map(metaName)
        : children.map(({ firstName }) => firstName);
      const boundaries = keys.map((key) => ends(key, level));
      expect(boundaries.slice(0, -1)).not.toContain(true);
      const last = keys.at(-1)!.equals(many.at(-1)!) || name === directory!.toString("hex") || level > 0;
      expect(last || boundaries.at(-1)).toBe(true);
    }
    expect(store.nodes.size).toBeGreaterThan(200);
  });

  test("a changed, added or removed entry rewrites one path of small nodes", () => {
    const before = nodeStore(n);
    build(algorithm, many, before);
    for (const at of [0, 77, 9999, 19_999]) {
      const changed = nodeStore(n);
      build(algorithm, many, changed, many[at]);
      const added = nodeStore(n);
      build(algorithm, sorted([...many, Buffer.concat([many[at]!, Buffer.from("+")])]), added);
      const removed = nodeStore(n);
      build(algorithm, many.toSpliced(at, 1), removed);
      for (const [store, most] of [
        [changed, 4],
        [added, 8],
        [removed, 8],
      ] as const) {
        const fresh = [...store.nodes].filter(([name]) => !before.nodes.has(name));
        expect(fresh.length).toBeLessThanOrEqual(most);
        expect(fresh.length).toBeGreaterThan(1);
      }
    }
  });

  test("names that never end a node are cut at the maximum", async () => {
    const adversarial = sorted(many.filter((one) => !ends(one, 0)).slice(0, 5000));
    const store = nodeStore(n);
    const { directory } = build(algorithm, adversarial, store);
    const leaves = [...store.nodes.values()].filter((node) => nodeType(node) === "directory-leaf");
    expect(leaves.map((leaf) => decodeDirectoryLeaf(leaf).length)).toEqual([1024, 1024, 1024, 1024, 904]);
    expect(await namesOf(readDirectory(store.fetch, algorithm, directory))).toEqual(hexes(adversarial));
  });

  test("names that always end a node still make a tree", async () => {
    const adversarial = sorted(
      Array.from({ length: 60_000 }, (_, i) => Buffer.from(`x${i}`)).filter((one) => ends(one, 0)),
    );
    const store = nodeStore(n);
    const { directory } = build(algorithm, adversarial, store);
    expect(await namesOf(readDirectory(store.fetch, algorithm, directory))).toEqual(hexes(adversarial));
    expect(store.nodes.size).toBeLessThan(adversarial.length * 1.1);
  });

  test("large metas make short nodes", async () => {
    const store = nodeStore(n);
    const builder = new DirectoryBuilder(algorithm, store.emit);
    const value = Buffer.alloc(300_000, "attribute");
    const big = many.slice(0, 12);
    for (const name of big) {
      const xattrs = [{ name: Buffer.from("user.x"), value }];
      const meta = encodeMeta({ name, type: "file", mode: 0, uid: 0, gid: 0, mtime: 0n, size: 0, xattrs });
      builder.add(meta, name, 1, 0);
    }
    const { directory } = builder.finish();
    for (const node of store.nodes.values()) expect(node.length).toBeLessThan(1024 * 1024 + 100);
    expect(await namesOf(readDirectory(store.fetch, algorithm, directory))).toEqual(hexes(big));
  });

  test("entries out of order are the caller's mistake, nodes out of order are damage", async () => {
    const builder = new DirectoryBuilder(algorithm, () => {});
    const [a, b] = [Buffer.from("a"), Buffer.from("b")];
    builder.add(metaOf(b), b, 1, 0);
    expect(() => builder.add(metaOf(b), b, 1, 0)).toThrow(TypeError);
    expect(() => builder.add(metaOf(a), a, 1, 0)).toThrow(TypeError);
    expect(() => builder.add(Buffer.alloc(16 * 1024 * 1024), Buffer.from("c"), 1, 0)).toThrow(RangeError);
    const store = nodeStore(n);
    for (const metas of [[metaOf(b), metaOf(a)], [metaOf(a), metaOf(a)], [Buffer.from("junk!")]]) {
      const node = encodeDirectoryLeaf(metas);
      const name = hashOf(algorithm, node);
      store.nodes.set(name.toString("hex"), node);
      const read = namesOf(readDirectory(store.fetch, algorithm, name));
      await expect(read).rejects.toThrow();
      if (metas.length > 1) await expect(read).rejects.toThrow(DamagedError);
    }
  });

  test("finding an entry fetches one node a level, reading from a name skips what is before", async () => {
    const store = nodeStore(n);
    const { directory } = build(algorithm, many, store);
    for (const wanted of [many[0]!, many[12_345]!, many.at(-1)!, Buffer.from("file 7777+")]) {
      const before = store.fetched.length;
      const found = await findInDirectory(store.fetch, algorithm, directory, wanted);
      expect(found?.name).toEqual(many.find((one) => one.equals(wanted)));
      expect(store.fetched.length - before).toBeLessThanOrEqual(4);
    }
    const before = store.fetched.length;
    await namesOf(readDirectory(store.fetch, algorithm, directory, { from: many.at(-1)! }));
    expect(store.fetched.length - before).toBeLessThanOrEqual(4);
  });

  test("encoded metas are the same bytes that were added", async () => {
    const store = nodeStore(n);
    const { directory } = build(algorithm, many.slice(0, 500), store);
    const all: Buffer[] = [];
    for await (const encoded of readEncodedMetas(store.fetch, algorithm, directory)) all.push(encoded);
    expect(Buffer.concat(all)).toEqual(Buffer.concat(many.slice(0, 500).map((one) => metaOf(one))));
    expect(await findInDirectory(store.fetch, algorithm, null, Buffer.from("a"))).toBeNull();
  });
});
