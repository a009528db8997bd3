/** Blobs: names, children before parents, what is on its way, deltas, and failing syncs. */
import { readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type FileSystem, nodeFileSystem } from "@datadb/backends";
import { type BlobRecord, encodeBlob, encodeListLeaf, encodeMeta, hashOf } from "@datadb/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { seededRandom } from "../keyspace/random-operations.ts";
import { createScratchStore, type ScratchStore, testSeed } from "../store/scratch-store.ts";
import { MissingChildError } from "./missing-child-error.ts";

let store: ScratchStore;
beforeEach(async () => {
  store = await createScratchStore();
});
afterEach(() => store.remove());

const bytes = (text: string): Buffer => Buffer.from(text);
const nameOf = (content: Buffer): Buffer => hashOf("sha256", content);
const fileNode = (chunk: Buffer): Buffer =>
  encodeMeta({ name: bytes("f"), type: "file", mode: 0, uid: 0, gid: 0, mtime: 0n, size: 1, chunk });

function recordOf(kind: "data" | "node", content: Buffer): BlobRecord {
  return encodeBlob(kind, nameOf(content), content);
}

test("content of any size comes back under its name, put by content or encoded", async () => {
  const random = seededRandom(testSeed());
  await using open = await store.open({ encoders: 2 });
  const contents = [0, 1, 100, 127, 128, 4095, 16_384, 16_385, 70_000, 1_000_000].map((size) => {
    const content = Buffer.allocUnsafeSlow(size);
    for (let at = 0; at < size; at += 1) content[at] = random(4) === 0 ? random(256) : at & 15;
    return content;
  });
  const copies = contents.map((content) => Buffer.from(content));
  const names = await Promise.all(contents.map((content) => open.blobs.putContent("data", content)));
  expect(names).toEqual(copies.map(nameOf));
  const back = await open.blobs.getContents("data", names);
  expect(back.map((content, at) => content?.equals(copies[at] as Buffer))).toEqual(copies.map(() => true));
  expect(await open.blobs.sizeMany("data", [...names, Buffer.alloc(32)])).toEqual([
    ...copies.map(({ length }) => length),
    null,
  ]);
  const encoded = bytes("encoded elsewhere".repeat(50));
  await open.blobs.putEncoded([recordOf("data", encoded)]);
  expect(await open.blobs.getContent("data", nameOf(encoded))).toEqual(encoded);
  expect(await open.blobs.getContent("node", nameOf(encoded))).toBeNull();
  expect([...(await open.blobs.hasMany("data", [nameOf(encoded), Buffer.alloc(32)]))]).toEqual([1, 0]);
  await open.blobs.flush();
  expect(await open.blobs.totals()).toEqual({
    blobs: 11,
    bytes: copies.reduce((sum, { length }) => sum + length, encoded.length),
  });
});

test("the same content put many times at once is kept once", async () => {
  await using open = await store.open();
  const content = bytes("again and again".repeat(100));
  const names = await Promise.all(
    Array.from({ length: 50 }, () => open.blobs.putContent("data", Buffer.from(content))),
  );
  expect(new Set(names.map((name) => name.toString("hex"))).size).toBe(1);
  await open.blobs.flush();
  expect((await open.stats()).kinds.data.records).toBe(1);
});

describe("a node", () => {
  test("needs its children, in whichever way it comes", async () => {
    await using open = await store.open();
    const chunk = bytes("chunk");
    const node = fileNode(nameOf(chunk));
    const missing = { kind: "NOCHILD", child: { kind: "data", name: nameOf(chunk) } };
    await expect(open.blobs.putContent("node", Buffer.from(node))).rejects.toMatchObject(missing);
    await expect(open.blobs.putEncoded([recordOf("node", node)])).rejects.toBeInstanceOf(MissingChildError);
    expect(await open.blobs.getContent("node", nameOf(node))).toBeNull();
    await open.blobs.putEncoded([recordOf("node", node), recordOf("data", chunk)]);
    expect(await open.blobs.getContent("node", nameOf(node))).toEqual(node);
    await expect(open.blobs.putContent("node", bytes("no node"))).rejects.toThrow("ERR this is no node");
  });

  test("may come while its children are on their way", async () => {
    await using open = await store.open();
    const chunks = Array.from({ length: 40 }, (_, i) => Buffer.alloc(5000, i));
    const list = encodeListLeaf(chunks.map((chunk) => ({ name: nameOf(chunk), length: chunk.length })));
    const root = encodeMeta({
      name: bytes("f"),
      type: "file",
      mode: 0,
      uid: 0,
      gid: 0,
      mtime: 0n,
      size: 1,
      list: nameOf(list),
    });
    const puts = [
      ...chunks.map((chunk) => open.blobs.putContent("data", chunk)),
      open.blobs.putContent("node", list),
      open.blobs.putContent("node", root),
    ];
    await expect(Promise.all(puts)).resolves.toHaveLength(42);
  });
});

test("a hinted base makes a delta, which is read through its chain; a hint that is not there is ignored", async () => {
  const random = seededRandom(testSeed());
  await using open = await store.open();
  const versions = [Buffer.from(Array.from({ length: 60_000 }, () => random(256)))];
  for (let i = 1; i < 20; i += 1) {
    const next = Buffer.from(versions[i - 1] as Buffer);
    for (let at = 0; at < 50; at += 1) next[random(next.length)] = random(256);
    versions.push(next);
  }
  const names: Buffer[] = [];
  for (const version of versions) {
    const base = names.at(-1) ?? Buffer.alloc(32, 1);
    names.push(await open.blobs.putContent("data", Buffer.from(version), { base }));
  }
  const records = await open.blobs.getRecords("data", names);
  const encodings = records.map((record) => record?.encoding);
  expect(encodings).toEqual(encodings.map((_, at) => (at === 0 ? "raw" : "zstd-delta")));
  const baseOf = new Map(records.map((record) => [record?.name.toString("hex"), record?.base]));
  const depth = (name: Buffer): number => {
    const base = baseOf.get(name.toString("hex"));
    return base ? depth(base) + 1 : 0;
  };
  expect(Math.max(...names.map(depth))).toBeLessThanOrEqual(6);
  const back = await open.blobs.getContents("data", names);
  expect(back.map((content, at) => content?.equals(versions[at] as Buffer))).toEqual(
    versions.map(() => true),
  );
});

test("after a power cut, nodes that reached the disk without their chunks are forgotten", async () => {
  const open = await store.open();
  const kept = await open.blobs.putContent("data", bytes("first"));
  const good = await open.blobs.putContent("node", fileNode(kept));
  const chunk = await open.blobs.putContent("data", bytes("second"));
  const torn = await open.blobs.putContent("node", fileNode(chunk));
  await open.close();
  const pack = join(store.directory, "blobs", "blobs-00001");
  await truncate(pack, (await readFile(pack)).indexOf(chunk));
  await rm(join(store.directory, "local"), { recursive: true });
  await using again = await store.open();
  expect([...(await again.blobs.hasMany("node", [good, torn]))]).toEqual([1, 0]);
  expect(store.warnings.join()).toContain("one node that lacks a part of its content was forgotten");
});

describe("when a sync of data fails", () => {
  /** The real disk, on which syncs of data packs can be made to fail. */
  function failing(): { fs: FileSystem; broken: boolean } {
    const control = { fs: nodeFileSystem, broken: false };
    control.fs = {
      ...nodeFileSystem,
      async open(path, mode) {
        const file = await nodeFileSystem.open(path, mode);
        if (!path.includes("blobs-0")) return file;
        return new Proxy(file, {
          get(target, property) {
            const value = Reflect.get(target, property) as unknown;
            if (property === "sync" && control.broken)
              return async () => Promise.reject(Object.assign(new Error("EIO: i/o error"), { code: "EIO" }));
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
      },
    };
    return control;
  }

  test("nodes whose chunks are lost are forgotten too, so that no backup is listed without its content", async () => {
    const disk = failing();
    await using open = await store.open({ fs: disk.fs });
    const kept = await open.blobs.putContent("data", bytes("durable"));
    await open.blobs.flush();
    const chunk = await open.blobs.putContent("data", bytes("lost"));
    const ref = await open.blobs.putContent("node", fileNode(chunk));
    const good = await open.blobs.putContent("node", fileNode(kept));
    const host = bytes("h");
    const { timestamp } = await open.commits.reserveBackup(host, host);
    const commit = (root: Buffer): Promise<unknown> =>
      open.commits.commit([{ op: "backup", host, path: host, timestamp, ref: root, fields: [] }]);
    disk.broken = true;
    await expect(commit(ref)).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    disk.broken = false;
    expect([...(await open.blobs.hasMany("node", [ref, good]))]).toEqual([0, 1]);
    await expect(commit(ref)).rejects.toMatchObject({ code: "LEASE_LOST" });
    await open.blobs.putContent("data", bytes("lost"));
    await open.blobs.putContent("node", fileNode(chunk));
    await commit(ref);
    expect(await open.blobs.getContent("data", chunk)).toEqual(bytes("lost"));
  });
});
