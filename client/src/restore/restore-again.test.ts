import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nativeSupport } from "../native/load-native.ts";
import { buildTree, type TreeEntry } from "../testing/build-tree.ts";
import { type MemoryStore, memoryStore } from "../testing/memory-store.ts";
import { restore } from "./restore.ts";

let dir: string;
let out: string;
let store: MemoryStore;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-again-"));
  out = `${dir}/out`;
  store = memoryStore();
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const tree = (children: TreeEntry[]): { ref: string } => buildTree(store, { name: "home", children });
const pieces = (count: number, seed: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => Buffer.alloc(60_000, `${seed}-${i}-`));
const names = (): string[] => fs.readdirSync(out, { recursive: true }).map(String).sort();

describe("a destination that is not empty", () => {
  it("refuses before anything is written, when something is in the way", async () => {
    fs.mkdirSync(out);
    fs.writeFileSync(`${out}/zebra`, "mine");
    const backup = tree([
      { name: "ant", content: "a" },
      { name: "zebra", content: "b" },
    ]);
    await expect(restore(store.embedded, backup, "", out)).rejects.toMatchObject({
      code: "EXISTS",
      message: expect.stringContaining("zebra"),
    });
    expect(names()).toEqual(["zebra"]);
    expect(fs.readFileSync(`${out}/zebra`, "utf8")).toBe("mine");
    fs.writeFileSync(`${dir}/file`, "");
    await expect(restore(store.embedded, backup, "", `${dir}/file`)).rejects.toMatchObject({
      code: "EXISTS",
    });
  });

  it("takes other entries beside what is there, and keeps its own attributes", async () => {
    fs.mkdirSync(out, { mode: 0o711 });
    fs.writeFileSync(`${out}/mine`, "mine");
    await restore(store.embedded, tree([{ name: "a", content: "a" }]), "", out);
    expect(names()).toEqual(["a", "mine"]);
    expect(fs.statSync(out).mode & 0o777).toBe(0o711);
  });

  it("overwrite replaces what differs, leaves what is the same, and removes nothing else", async () => {
    const children: TreeEntry[] = [
      { name: "same", content: "same" },
      { name: "bytes", content: "right" },
      { name: "mode", content: "mode", mode: 0o600 },
      { name: "large", content: pieces(80, 1) },
      { name: "rotten", content: pieces(80, 2) },
      { name: "d", children: [{ name: "inner", content: "inner" }] },
      { name: "link", type: "symlink", target: Buffer.from("new") },
      { name: "kind", content: "a file where a directory was" },
    ];
    await restore(store.embedded, tree(children), "", out);
    const rotten = fs.readFileSync(`${out}/rotten`);
    const change = (name: string, content: Buffer | string): void => {
      const { mtime, atime } = fs.statSync(`${out}/${name}`);
      fs.writeFileSync(`${out}/${name}`, content);
      fs.utimesSync(`${out}/${name}`, atime, mtime);
    };
    change("bytes", "wrong");
    fs.chmodSync(`${out}/mode`, 0o644);
    rotten[3_000_001]! ^= 1;
    change("rotten", rotten);
    fs.writeFileSync(`${out}/d/extra`, "extra");
    fs.rmSync(`${out}/link`);
    fs.symlinkSync("old", `${out}/link`);
    fs.rmSync(`${out}/kind`);
    fs.mkdirSync(`${out}/kind`);
    const before = fs.statSync(`${out}/same`).ino;
    const summary = await restore(store.embedded, tree(children), "", out, { overwrite: true });
    expect(summary).toMatchObject({ problems: [], unchanged: 3 });
    expect(fs.statSync(`${out}/same`).ino).toBe(before);
    expect(fs.readFileSync(`${out}/bytes`, "utf8")).toBe("right");
    expect(fs.statSync(`${out}/mode`).mode & 0o777).toBe(0o600);
    rotten[3_000_001]! ^= 1;
    expect(fs.readFileSync(`${out}/rotten`).equals(rotten)).toBe(true);
    expect(fs.readFileSync(`${out}/d/extra`, "utf8")).toBe("extra");
    expect(fs.readlinkSync(`${out}/link`)).toBe("new");
    expect(fs.statSync(`${out}/kind`).isFile()).toBe(true);
    const again = await restore(store.embedded, tree(children), "", out, { overwrite: true });
    expect(again.unchanged).toBe(7);
  });

  it("a directory that is not empty is never removed for a file", async () => {
    fs.mkdirSync(`${out}/f`, { recursive: true });
    fs.writeFileSync(`${out}/f/mine`, "mine");
    const summary = await restore(store.embedded, tree([{ name: "f", content: "f" }]), "", out, {
      overwrite: true,
    });
    expect(summary).toMatchObject({ exitCode: 3, problems: [{ path: "f", code: "EXISTS" }] });
    expect(fs.readFileSync(`${out}/f/mine`, "utf8")).toBe("mine");
  });

  it("hard links are found unchanged, and broken ones are linked again", async () => {
    const link = Buffer.from("a");
    const children = ["a", "b"].map((name) => ({ name, content: "linked", link }));
    await restore(store.embedded, tree(children), "", out);
    fs.rmSync(`${out}/b`);
    fs.copyFileSync(`${out}/a`, `${out}/b`);
    await restore(store.embedded, tree(children), "", out, { overwrite: true });
    expect(fs.statSync(`${out}/a`).nlink).toBe(2);
    expect(names()).toEqual(["a", "b"]);
  });
});

it("a default ACL of the destination is not handed down to what is restored", async () => {
  const { native } = nativeSupport();
  if (native === null) return;
  fs.mkdirSync(out);
  const entries = [
    "0200000001000700ffffffff02000700e8030000",
    "04000500ffffffff10000700ffffffff20000500ffffffff",
  ];
  try {
    native.setXattr(out, Buffer.from("system.posix_acl_default"), Buffer.from(entries.join(""), "hex"));
  } catch {
    return; // this file system has none
  }
  fs.writeFileSync(`${out}/mine`, "");
  expect(native.listXattrs(`${out}/mine`)).toHaveLength(1);
  const children: TreeEntry[] = [
    { name: "f", content: "f", mode: 0o604 },
    { name: "large", content: pieces(60, 3), mode: 0o640 },
    { name: "p", type: "fifo", mode: 0o600 },
    { name: "d", mode: 0o705, children: [{ name: "g", content: "g", mode: 0o600 }] },
  ];
  expect((await restore(store.embedded, tree(children), "", out)).problems).toEqual([]);
  const modes = { f: 0o604, large: 0o640, p: 0o600, d: 0o705, "d/g": 0o600 };
  for (const [name, mode] of Object.entries(modes)) {
    expect(native.listXattrs(`${out}/${name}`), name).toEqual([]);
    expect(fs.lstatSync(`${out}/${name}`).mode & 0o7777, name).toBe(mode);
  }
});

describe("content that is missing or damaged", () => {
  it.each(["embedded", "remote"] as const)(
    "is named with its file, everything else is restored, %s",
    async (way) => {
      const backup = tree([
        { name: "a", content: "a".repeat(500) },
        {
          name: "d",
          children: [
            { name: "gone", content: "gone" },
            { name: "wrong", content: "wrong" },
          ],
        },
        { name: "large", content: pieces(90, 5) },
        { name: "z", content: "z" },
      ]);
      const nameOf = (content: Buffer): string => memoryStore().put("data", content).toString("hex");
      const gone = nameOf(Buffer.from("gone"));
      store.records.delete(`data:${gone}`);
      const wrong = store.records.get(`data:${nameOf(Buffer.from("wrong"))}`)!;
      wrong.payload = Buffer.from("WRONG");
      const lost = nameOf(pieces(90, 5)[77]!);
      store.records.delete(`data:${lost}`);
      const summary = await restore(store[way], backup, "", out);
      expect(summary).toMatchObject({ exitCode: 5, problemCount: 3, entries: { files: 2 } });
      const text = Object.fromEntries(summary.problems.map((problem) => [problem.path, problem.message]));
      expect(text["d/gone"]).toContain(gone);
      expect(text["large"]).toContain(lost);
      expect(text["d/wrong"]).toMatch(/wrong|hash/);
      expect(names()).toEqual(["a", "d", "z"]);
    },
  );

  it("a node that is gone leaves out what only it knows", async () => {
    const backup = tree([
      { name: "d", children: [{ name: "x", content: "x" }] },
      { name: "z", content: "z" },
    ]);
    const { metas } = buildTree(memoryStore(), { name: "d", children: [{ name: "x", content: "x" }] });
    store.records.delete(`node:${metas.get("")!.directory!.toString("hex")}`);
    const summary = await restore(store.embedded, backup, "", out);
    expect(summary).toMatchObject({ exitCode: 5, problems: [{ path: "d", code: "DAMAGED" }] });
    expect(names()).toEqual(["d", "z"]);
  });
});

it("an abort leaves complete files, no temporary ones, and can be resumed", async () => {
  const children: TreeEntry[] = [
    { name: "large", content: pieces(400, 6) },
    ...Array.from({ length: 40 }, (_, i) => ({
      name: `d${i}`,
      children: Array.from({ length: 50 }, (_, j) => ({ name: `f${j}`, content: `${i}-${j}` })),
    })),
  ];
  const abort = new AbortController();
  const onProgress = ({ entries }: { entries: number }): void => {
    if (entries > 100) abort.abort();
  };
  const interrupted = restore(store.embedded, tree(children), "", out, { signal: abort.signal, onProgress });
  await expect(interrupted).rejects.toMatchObject({ code: "INTERRUPTED" });
  for (const name of names()) {
    expect(name).not.toContain(".datadb-");
    const match = /^d(\d+)\/f(\d+)$/.exec(name);
    if (match) expect(fs.readFileSync(`${out}/${name}`, "utf8")).toBe(`${match[1]}-${match[2]}`);
  }
  const summary = await restore(store.embedded, tree(children), "", out, { overwrite: true });
  expect(summary).toMatchObject({ exitCode: 0, entries: { files: 2001 } });
  expect(fs.readFileSync(`${out}/large`).equals(Buffer.concat(pieces(400, 6)))).toBe(true);
});
