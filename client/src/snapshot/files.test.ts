import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { nativeSupport } from "../native/load-native.ts";
import { NODE_TYPE } from "../native/native.ts";
import { backupStore } from "../testing/backup-store.ts";
import { readBack } from "../testing/read-back.ts";
import { snapshot } from "./snapshot.ts";

const top = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-snapshot-"));
afterAll(() => execFileSync("rm", ["-rf", top]));
const { native } = nativeSupport();
const isRoot = process.getuid?.() === 0;
let tree = "";
let trees = 0;
beforeEach(() => {
  tree = path.join(top, `tree-${++trees}`);
  fs.mkdirSync(tree);
});

const write = (name: string | Buffer, content: string | Buffer): void => {
  const at = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(name as string)]);
  fs.mkdirSync(Buffer.from(path.dirname(at.toString("latin1")), "latin1"), { recursive: true });
  fs.writeFileSync(at, content);
};
/** Compressible, different for each seed, and without period. */
const bytes = (length: number, seed = 1): Buffer => {
  const words = new Uint32Array(length / 4);
  let x = seed;
  for (let i = 0; i < words.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    words[i] = x & 0x0f0f0f0f;
  }
  return Buffer.from(words.buffer);
};

/** Every kind of entry, and names that programs stumble over. */
function awkwardTree(): void {
  write("plain.txt", "hello");
  write("empty", "");
  write("large.bin", bytes(6 << 20));
  write("middle.bin", bytes(300_000, 7));
  write("a b\nc", "newline");
  write(Buffer.from([0x66, 0xff, 0xfe]), "not UTF-8");
  write("x".repeat(255), "long");
  write("deep/er/still/file", "deep");
  fs.mkdirSync(`${tree}/nothing`);
  fs.symlinkSync("plain.txt", `${tree}/link`);
  fs.symlinkSync(Buffer.from([0x2f, 0xff]), `${tree}/dangling`);
  fs.linkSync(`${tree}/plain.txt`, `${tree}/deep/second-name`);
  fs.chmodSync(`${tree}/middle.bin`, 0o4750);
  fs.chmodSync(`${tree}/nothing`, 0o1777);
  native?.setTime(`${tree}/empty`, -1_234_567_891n);
  native?.setXattr(`${tree}/plain.txt`, Buffer.from("user.colour"), Buffer.from("blue"));
  if (native && isRoot) {
    native.makeNode(`${tree}/fifo`, NODE_TYPE.fifo | 0o600);
    native.makeNode(`${tree}/socket`, NODE_TYPE.socket | 0o600);
    native.makeNode(`${tree}/device`, NODE_TYPE["character-device"] | 0o600, { major: 1, minor: 3 });
  }
}

it("keeps every entry as it is, and gives the same root for any number of jobs, embedded and over a wire", async () => {
  awkwardTree();
  const store = backupStore();
  const summary = await snapshot(store.embedded, tree, { jobs: 1 });
  expect(summary).toMatchObject({ complete: true, problems: [], source: "files" });
  const entries = await readBack(store.records, "sha256", summary.ref);
  for (const [at, { meta, content }] of entries) {
    const where = Buffer.from(at === "" ? tree : `${tree}/`, "latin1");
    const stat = fs.lstatSync(Buffer.concat([where, Buffer.from(at, "latin1")]), { bigint: true });
    expect([at, meta.mode, meta.uid, meta.mtime]).toEqual([
      at,
      Number(stat.mode & 0o7777n),
      Number(stat.uid),
      stat.mtimeNs,
    ]);
    if (meta.type === "file") {
      expect(content.equals(fs.readFileSync(Buffer.concat([where, Buffer.from(at, "latin1")])))).toBe(true);
    }
  }
  const listed = execFileSync("find", [tree, "-printf", "x"]).length;
  expect(entries.size).toBe(listed);
  expect(entries.get("dangling")?.meta.target).toEqual(Buffer.from([0x2f, 0xff]));
  expect(entries.get("plain.txt")?.meta.link?.toString()).toBe("plain.txt");
  expect(entries.get("deep/second-name")?.meta.link?.toString()).toBe("plain.txt");
  if (native) expect(entries.get("plain.txt")?.meta.xattrs?.[0]?.value.toString()).toBe("blue");
  if (native && isRoot) expect(entries.get("device")?.meta.device).toEqual({ major: 1, minor: 3 });
  for (const options of [{ jobs: 3 }, { jobs: 2 }]) {
    const other = backupStore();
    expect((await snapshot(other.embedded, tree, options)).ref).toBe(summary.ref);
    const remote = backupStore();
    expect((await snapshot(remote.remote, tree, options)).ref).toBe(summary.ref);
    expect([...remote.records.keys()].sort()).toEqual([...other.records.keys()].sort());
  }
});

it("does not read what did not change, and notices everything that did", async () => {
  for (let i = 0; i < 300; i++) write(`d${i % 3}/f${i}`, `content ${i}`);
  write("large", bytes(2 << 20));
  const store = backupStore();
  // Files that are younger than the file system's clock tick are not trusted: make them older.
  const old = await settled();
  const first = await snapshot(store.embedded, tree);
  expect(first).toMatchObject({ filesRead: 301, entries: { new: 305, changed: 0, unchanged: 0 } });
  const second = await snapshot(store.embedded, tree);
  expect(second).toMatchObject({
    ref: first.ref,
    filesRead: 0,
    entries: { new: 0, changed: 0, unchanged: 305 },
  });
  expect(second.bytes).toMatchObject({ read: 0, new: 0 });

  fs.writeFileSync(`${tree}/d1/f1`, "Content 1"); // the same size
  fs.utimesSync(`${tree}/d1/f1`, old, old);
  fs.chmodSync(`${tree}/d2/f2`, 0o600);
  fs.renameSync(`${tree}/d0`, `${tree}/d9`);
  const third = await snapshot(store.embedded, tree);
  // Two changed, and the hundred whose directory has another name.
  expect(third.filesRead).toBe(102);
  const entries = await readBack(store.records, "sha256", third.ref);
  expect(entries.get("d1/f1")?.content.toString()).toBe("Content 1");
  expect(entries.get("d2/f2")?.meta.mode).toBe(0o600);
  expect(entries.has("d0")).toBe(false);
  expect(third.entries).toEqual({ new: 101, changed: 5, unchanged: 200 - 2 + 1 });
});

/** Waits until new files are older than a clock tick, by the file system's own clock. */
async function settled(): Promise<Date> {
  const began = fs.statSync(tree).ctimeMs;
  for (;;) {
    fs.writeFileSync(`${top}/clock`, "");
    if (fs.statSync(`${top}/clock`).ctimeMs > began + 150) return new Date(began);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it("reads a changed file of two hard links once, and finds links when the first name is gone", async () => {
  write("a/one", bytes(100_000));
  fs.mkdirSync(`${tree}/b`);
  fs.linkSync(`${tree}/a/one`, `${tree}/b/two`);
  fs.linkSync(`${tree}/a/one`, `${tree}/b/three`);
  const store = backupStore();
  const first = await snapshot(store.embedded, tree);
  expect(first.filesRead).toBe(1);
  fs.rmSync(`${tree}/a/one`);
  const second = await snapshot(store.embedded, tree);
  const entries = await readBack(store.records, "sha256", second.ref);
  expect(entries.get("b/two")?.meta.link?.toString()).toBe("b/three");
  expect(entries.get("b/two")?.content).toEqual(bytes(100_000));
});

it.skipIf(native === null)("keeps holes as holes", async () => {
  const fd = fs.openSync(`${tree}/sparse`, "w");
  fs.writeSync(fd, bytes(50_000), 0, 50_000, 3 << 20);
  fs.ftruncateSync(fd, 40 << 20);
  fs.closeSync(fd);
  const only = fs.openSync(`${tree}/hole`, "w");
  fs.ftruncateSync(only, 1 << 20);
  fs.closeSync(only);
  const store = backupStore();
  const { ref, bytes: read } = await snapshot(store.embedded, tree);
  const entries = await readBack(store.records, "sha256", ref);
  const sparse = entries.get("sparse")!;
  expect(sparse.content.equals(fs.readFileSync(`${tree}/sparse`))).toBe(true);
  expect(sparse.holes.length).toBe(2);
  expect(entries.get("hole")?.holes).toEqual([1 << 20]);
  expect(read.new).toBeLessThan(200_000);
});

it("goes deeper than a path can be long", async () => {
  const name = "d".repeat(200);
  let fd = fs.openSync(tree, "r");
  for (let depth = 0; depth < 25; depth++) {
    fs.mkdirSync(`/proc/self/fd/${fd}/${name}`);
    const next = fs.openSync(`/proc/self/fd/${fd}/${name}`, "r");
    fs.closeSync(fd);
    fd = next;
  }
  fs.writeFileSync(`/proc/self/fd/${fd}/bottom`, "reached");
  fs.closeSync(fd);
  const store = backupStore();
  const { ref, complete } = await snapshot(store.embedded, tree);
  expect(complete).toBe(true);
  const entries = await readBack(store.records, "sha256", ref);
  expect([...entries].at(-1)?.[1].content.toString()).toBe("reached");
  expect([...entries].at(-1)?.[0].length).toBeGreaterThan(5000);
});

it("scans very large directories in parts", async () => {
  for (let i = 0; i < 9000; i++) fs.writeFileSync(`${tree}/${i}`, i % 9 === 0 ? `${i}` : "");
  fs.mkdirSync(`${tree}/500-and`);
  write("500-and/more", "x");
  const one = backupStore();
  const first = await snapshot(one.embedded, tree, { jobs: 1 });
  expect(first).toMatchObject({ complete: true, entries: { new: 9003 } });
  expect((await snapshot(backupStore().embedded, tree, { jobs: 4 })).ref).toBe(first.ref);
  expect((await readBack(one.records, "sha256", first.ref)).size).toBe(9003);
  const again = await snapshot(one.embedded, tree);
  expect([again.ref, again.entries.unchanged]).toEqual([first.ref, 9003]);
});
