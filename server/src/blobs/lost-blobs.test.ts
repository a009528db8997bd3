/** Blobs that are lost, or not there yet, while others rely on them. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FileSystem, nodeFileSystem } from "@datadb/backends";
import { encodeListLeaf, encodeMeta, hashOf } from "@datadb/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../database.ts";
import { createScratchStore, type ScratchStore } from "../store/scratch-store.ts";

let store: ScratchStore;
beforeEach(async () => {
  store = await createScratchStore();
});
afterEach(() => store.remove());

const bytes = (text: string): Buffer => Buffer.from(text);
const nameOf = (content: Buffer): Buffer => hashOf("sha256", content);
const fileNode = (chunk: Buffer): Buffer =>
  encodeMeta({ name: bytes("f"), type: "file", mode: 0, uid: 0, gid: 0, mtime: 0n, size: 1, chunk });

async function list(open: Database, ref: Buffer): Promise<void> {
  const host = bytes("h");
  const { timestamp } = await open.commits.reserveBackup(host, host);
  await open.commits.commit([{ op: "backup", host, path: host, timestamp, ref, fields: [] }]);
}

const failure = (code: string): Error => Object.assign(new Error(code), { code });

interface Gate {
  promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function gate(): Gate {
  const made: Partial<Gate> = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made as Gate;
}

interface Disk {
  fs: FileSystem;
  /** Syncs of data packs fail. */
  broken: boolean;
  /** Awaited before each write to a pack of nodes. */
  held: Promise<void> | null;
  /** A write to a pack of nodes waits. */
  waiting: boolean;
}

function controlledDisk(): Disk {
  const disk: Disk = { fs: nodeFileSystem, broken: false, held: null, waiting: false };
  disk.fs = {
    ...nodeFileSystem,
    async open(path, mode) {
      const file = await nodeFileSystem.open(path, mode);
      return {
        ...file,
        async sync() {
          if (disk.broken && path.includes("blobs-0")) throw failure("EIO");
          await file.sync();
        },
        async write(buffers, position) {
          if (disk.held !== null && path.includes("nodes-0")) {
            disk.waiting = true;
            await disk.held;
          }
          await file.write(buffers, position);
        },
      };
    },
  };
  return disk;
}

describe("while a node is being written", () => {
  test("its chunk may be lost: then it is refused, not kept without it", async () => {
    const disk = controlledDisk();
    await using open = await store.open({ fs: disk.fs });
    const chunk = await open.blobs.putContent("data", bytes("lost"));
    const hold = gate();
    disk.held = hold.promise;
    const put = open.blobs.putContent("node", fileNode(chunk));
    put.catch(() => undefined);
    await expect.poll(() => disk.waiting).toBe(true);
    disk.broken = true;
    await expect(open.blobs.flush()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    disk.broken = false;
    hold.resolve();
    await expect(put).rejects.toMatchObject({ kind: "NOCHILD" });
    expect([...(await open.blobs.hasMany("node", [nameOf(fileNode(chunk))]))]).toEqual([0]);
  });

  test("a backup of it is not listed before it is there", async () => {
    const disk = controlledDisk();
    await using open = await store.open({ fs: disk.fs });
    const chunk = await open.blobs.putContent("data", bytes("chunk"));
    const hold = gate();
    disk.held = hold.promise;
    const put = open.blobs.putContent("node", fileNode(chunk));
    put.catch(() => undefined);
    await expect.poll(() => disk.waiting).toBe(true);
    const ref = nameOf(fileNode(chunk));
    expect([...(await open.blobs.hasMany("node", [ref]))]).toEqual([1]);
    let ended = false;
    const listed = list(open, ref).finally(() => {
      ended = true;
    });
    listed.catch(() => undefined);
    // Others commit meanwhile, and this one must not: what it refers to is not there.
    const [database, key, value] = [bytes("0"), bytes("k"), bytes("v")];
    for (let i = 0; i < 5; i += 1) await open.commits.commit([{ op: "set", database, key, value }]);
    expect(ended).toBe(false);
    hold.reject(failure("ENOSPC"));
    await expect(put).rejects.toMatchObject({ code: "DISK_FULL" });
    await expect(listed).rejects.toMatchObject({ code: "LEASE_LOST" });
  });
});

test("after a crash a node whose base is lost is forgotten", async () => {
  const open = await store.open();
  const chunk = await open.blobs.putContent("data", bytes("chunk"));
  const leaf = (last: number): Buffer =>
    encodeListLeaf(Array.from({ length: 100 }, (_, i) => ({ name: chunk, length: i === 99 ? last : i * i })));
  const base = await open.blobs.putContent("node", leaf(1));
  const delta = await open.blobs.putContent("node", leaf(2), { base });
  expect((await open.blobs.getRecords("node", [delta]))[0]?.encoding).toBe("zstd-delta");
  await open.close();
  const path = join(store.directory, "blobs", "nodes-00001");
  const pack = await readFile(path);
  pack.fill(0, pack.indexOf(base), pack.indexOf(base) + base.length);
  await writeFile(path, pack);
  await rm(join(store.directory, "local"), { recursive: true });
  await using again = await store.open();
  expect([...(await again.blobs.hasMany("node", [base, delta]))]).toEqual([0, 0]);
});

test("a listed backup keeps its nodes when chunks are lost; the store is not whole until a check finds nothing", async () => {
  const open = await store.open();
  const chunk = await open.blobs.putContent("data", bytes("chunk"));
  const ref = await open.blobs.putContent("node", fileNode(chunk));
  await list(open, ref);
  expect(open.whole()).toBe(true);
  await open.close();
  await rm(join(store.directory, "local"), { recursive: true });
  await rm(join(store.directory, "blobs", "blobs-00001"));
  const again = await store.open();
  expect(await again.blobs.getContent("node", ref)).toEqual(fileNode(chunk));
  expect(again.whole()).toBe(false);
  for await (const _ of again.check());
  await again.close();
  await using third = await store.open();
  expect(third.whole()).toBe(false);
  await third.blobs.putContent("data", bytes("chunk"));
  for await (const _ of third.check());
  expect(third.whole()).toBe(true);
});
