import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatadbError, hashOf } from "@datadb/protocol";
import { afterAll, beforeEach, expect, it, vi } from "vitest";
import { backupStore } from "../testing/backup-store.ts";
import { readBack } from "../testing/read-back.ts";
import { snapshot } from "./snapshot.ts";
import type { SnapshotOptions, SnapshotProgress } from "./snapshot-options.ts";

const top = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-options-"));
afterAll(() => execFileSync("rm", ["-rf", top]));
let tree = "";
let trees = 0;
beforeEach(() => {
  tree = path.join(top, `tree-${++trees}`);
  fs.mkdirSync(tree);
});

function files(contents: Record<string, string>): void {
  for (const [name, content] of Object.entries(contents)) {
    fs.mkdirSync(path.dirname(`${tree}/${name}`), { recursive: true });
    fs.writeFileSync(`${tree}/${name}`, content);
  }
}

/** Paths of the files that a snapshot of the tree holds. */
async function kept(options: SnapshotOptions): Promise<string[]> {
  const store = backupStore();
  const { ref } = await snapshot(store.embedded, tree, options);
  const entries = await readBack(store.records, "sha256", ref);
  return [...entries].filter(([, { meta }]) => meta.type === "file").map(([at]) => at);
}

it("tells of a backup that is listed as of a time that has not come", async () => {
  files({ a: "" });
  const warnings: string[] = [];
  const { embedded } = backupStore();
  // The store's clock begins with 2026, and goes on by a second.
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.UTC(2025, 11, 31, 23, 58));
  try {
    await snapshot(embedded, tree, { onWarning: (text) => warnings.push(text) });
    expect(warnings).toEqual([]);
    clock.mockReturnValue(Date.UTC(2025, 0, 1));
    await snapshot(embedded, tree, { onWarning: (text) => warnings.push(text) });
  } finally {
    clock.mockRestore();
  }
  expect(warnings).toEqual([
    expect.stringMatching(
      /listed as of 2026-01-01T00:00:02\.000Z.* clock says 2025-01-01T00:00:00\.000Z.*datadb rm/,
    ),
  ]);
});

it("leaves out what patterns match", async () => {
  files({ "a.log": "", "keep.log": "", "b/c.log": "", "b/cache/x": "", "cache/y": "", "b/d": "", "e/f": "" });
  fs.writeFileSync(`${top}/patterns`, "# comment\n\n!keep.log\n");
  expect(await kept({ exclude: ["*.log", "/cache/"], excludeFrom: [`${top}/patterns`] })).toEqual([
    "b/cache/x",
    "b/d",
    "e/f",
    "keep.log",
  ]);
  expect(await kept({ exclude: [`${tree}/b`, "*.log"] })).toEqual(["cache/y", "e/f"]);
});

it("obeys .gitignore files as git does, when told to", async () => {
  files({
    ".gitignore": "*.o\n/out/\n",
    "a.o": "",
    "out/x": "",
    "sub/out/y": "",
    "sub/b.o": "",
    "sub/c.o": "",
  });
  files({ "sub/.gitignore": "!c.o\nlocal\n", "sub/local": "", local: "" });
  const all = await kept({});
  expect(all.length).toBe(9);
  const some = [".gitignore", "local", "sub/.gitignore", "sub/c.o", "sub/out/y"];
  expect(await kept({ gitignore: true })).toEqual(some);
});

it("leaves out the content of caches, and keeps their tag", async () => {
  files({
    "c/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# a cache",
    "c/big": "",
    "c/d/e": "",
  });
  files({ "n/CACHEDIR.TAG": "not one", "n/file": "" });
  expect(await kept({ excludeCaches: true })).toEqual(["c/CACHEDIR.TAG", "n/CACHEDIR.TAG", "n/file"]);
});

it("never takes its own store in", async () => {
  files({ "store/config.yaml": `id: ${"5e".repeat(16)}`, "store/meta/x": "", "store/blobs/y": "", z: "" });
  files({ "other/config.yaml": "id: another", "other/meta/x": "" });
  expect(await kept({})).toEqual(["other/config.yaml", "other/meta/x", "z"]);
});

it("takes several sources as one, and a single file", async () => {
  files({ "a/data/1": "one", "b/data/2": "two", lone: "file" });
  const store = backupStore();
  const sources = [`${tree}/a/data`, `${tree}/b/data`, `${tree}/lone`];
  const { ref, path: series, name } = await snapshot(store.embedded, sources);
  const entries = await readBack(store.records, "sha256", ref);
  expect([...entries.keys()]).toEqual(["", "data", "data/1", "data.2", "data.2/2", "lone"]);
  expect([series, name]).toEqual([sources.join(":"), "data,data,lone"]);
  const again = await snapshot(store.embedded, sources);
  expect([again.ref, again.entries.new]).toEqual([ref, 0]);
  const lone = await snapshot(store.embedded, `${tree}/lone`);
  expect((await readBack(store.records, "sha256", lone.ref)).get("")?.content.toString()).toBe("file");
});

it("follows a SOURCE that is a symlink", async () => {
  files({ "real/x": "1" });
  fs.symlinkSync("real", `${tree}/link`);
  const store = backupStore();
  const summary = await snapshot(store.embedded, `${tree}/link`);
  expect(summary).toMatchObject({ name: "link", path: `${tree}/link`, entries: { new: 2 } });
});

it("looks only, in a dry run", async () => {
  files({ a: "1", "b/c": "22" });
  fs.writeFileSync(`${tree}/large`, Buffer.alloc(2 << 20, 7));
  const store = backupStore();
  const summary = await snapshot(store.embedded, tree, { dryRun: true });
  expect(summary).toMatchObject({ backup: null, time: null, toRead: ["a", "large", "b/c"] });
  expect((await snapshot(store.embedded, `${tree}/a`, { dryRun: true })).toRead).toEqual(["a"]);
  expect([store.records.size, store.backups.length]).toEqual([0, 0]);
});

it("says no to what is not there, or is suddenly empty", async () => {
  files({ a: "1" });
  const store = backupStore();
  const fails = async (code: string, source = tree): Promise<void> => {
    const error = await snapshot(store.embedded, source).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DatadbError);
    expect((error as DatadbError).code).toBe(code);
  };
  await fails("NOT_FOUND", `${tree}/nothing`);
  await snapshot(store.embedded, tree);
  fs.rmSync(`${tree}/a`);
  await fails("EMPTY_SOURCE");
  expect(store.backups.length).toBe(1);
  await snapshot(store.embedded, tree, { allowEmpty: true });
  await snapshot(store.embedded, tree); // empty before, too
});

// The kernel refuses to open these for reading, also for root.
it.skipIf(!fs.existsSync("/sys/bus/cpu/drivers_probe"))(
  "names what cannot be read, and is incomplete",
  async () => {
    const store = backupStore();
    const summary = await snapshot(store.embedded, "/sys/bus/cpu", { name: "cpu" });
    expect(summary.complete).toBe(false);
    const found = summary.problems.find(({ path: at }) => at === "drivers_probe");
    expect(found).toMatchObject({ kind: "unreadable", reason: "permission denied" });
    const [backup] = store.backups;
    expect(backup?.get("complete")).toBe("0");
    expect(JSON.parse(backup!.get("unreadable")!)).toContain("drivers_probe");
    expect(Number(backup?.get("unreadable-count"))).toBe(summary.unreadable);
  },
);

it("tells how far it is, and keeps the user's words with the backup", async () => {
  for (let i = 0; i < 50; i++) files({ [`f${i}`]: `${i}` });
  const store = backupStore();
  const states: SnapshotProgress[] = [];
  const options = {
    meta: { ticket: 4711 },
    tags: ["daily"],
    host: "web1",
    onProgress: (p: SnapshotProgress) => states.push(p),
  };
  await snapshot(store.embedded, tree, options);
  expect(states.at(-1)).toMatchObject({ entries: 51, bytes: 90 });
  await snapshot(store.embedded, tree, options);
  expect(states.at(-1)).toMatchObject({ totalEntries: 51 });
  const fields = store.backups[0]!;
  expect(JSON.parse(fields.get("meta")!)).toEqual({ ticket: 4711 });
  expect(JSON.parse(fields.get("tags")!)).toEqual(["daily"]);
  expect(["hostname", "complete", "type", "size"].map((f) => fields.get(f))).toEqual([
    "web1",
    "1",
    "directory",
    "90",
  ]);
});

it("backs everything up again when nodes or the scan cache of the previous backup are lost", async () => {
  files({ "a/b": "1", c: "2" });
  const store = backupStore();
  const first = await snapshot(store.embedded, tree);
  for (const key of [...store.records.keys()]) {
    if (key.startsWith("node:") && !key.includes(first.ref)) store.records.delete(key);
  }
  const second = await snapshot(store.embedded, tree);
  expect(second).toMatchObject({ ref: first.ref, complete: true });
  expect((await readBack(store.records, "sha256", second.ref)).size).toBe(4);
});

it("reads unchanged files, too, when the store may lack something", async () => {
  files({ "a/b": "1", c: "2" });
  const store = backupStore();
  const first = await snapshot(store.embedded, tree);
  // Files that were just written are read once more.
  await expect.poll(async () => (await snapshot(store.embedded, tree)).filesRead).toBe(0);
  const chunk = `data:${hashOf("sha256", Buffer.from("2")).toString("hex")}`;
  expect(store.records.delete(chunk)).toBe(true);
  store.whole = false;
  expect(await snapshot(store.embedded, tree)).toMatchObject({ ref: first.ref, filesRead: 2 });
  expect(store.records.has(chunk)).toBe(true);
});

it("refuses an empty path: a script's variable that is not set must not mean the working directory", async () => {
  const { embedded } = backupStore();
  await expect(snapshot(embedded, "")).rejects.toMatchObject({ code: "USAGE" });
  await expect(snapshot(embedded, [tree, ""])).rejects.toMatchObject({ code: "USAGE" });
});

it("keeps files that claim times which no meta can hold, with the nearest", async (context) => {
  files({ far: "far" });
  const year2400 = 13_569_465_600;
  for (const at of [`${tree}/far`, tree]) fs.utimesSync(at, year2400, year2400);
  // Not every file system can hold such a time itself.
  if (fs.statSync(tree).mtimeMs !== year2400 * 1000) return context.skip();
  const { embedded, records } = backupStore();
  const { ref, problems } = await snapshot(embedded, tree);
  expect(problems).toEqual([]);
  const entries = await readBack(records, "sha256", ref);
  expect(entries.get("far")?.meta.mtime).toBe(2n ** 63n - 1n);
  expect((await snapshot(embedded, tree)).entries).toMatchObject({ new: 0, changed: 0 });
});

// Root may read everything.
it.skipIf(process.getuid?.() === 0)("makes no backup of a source that cannot be read at all", async () => {
  const { embedded } = backupStore();
  fs.writeFileSync(`${tree}/file`, "");
  fs.chmodSync(`${tree}/file`, 0);
  await expect(snapshot(embedded, `${tree}/file`)).rejects.toMatchObject({ code: "EMPTY_SOURCE" });
  fs.chmodSync(tree, 0);
  await expect(snapshot(embedded, tree)).rejects.toThrow(`${tree} cannot be read: permission denied`);
  fs.chmodSync(tree, 0o700);
});
