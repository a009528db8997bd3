import { expect, it } from "vitest";
import { buildTree, type TreeEntry } from "../testing/build-tree.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { type DiffOptions, diff } from "./diff.ts";

const store = memoryStore();
const tree = (children: TreeEntry[]): { ref: string } => buildTree(store, { name: "r", children });

async function lines(before: TreeEntry[], after: TreeEntry[], options?: DiffOptions): Promise<string[]> {
  const all: string[] = [];
  for await (const { kind, path, changes } of diff(store.embedded, tree(before), tree(after), options)) {
    all.push([kind, path.toString(), ...changes].join(" "));
  }
  return all;
}

it("tells what was added, removed and changed, and how", async () => {
  const before: TreeEntry[] = [
    { name: "content", content: "aaaa" },
    { name: "size", content: "a" },
    { name: "mode", content: "m", mode: 0o600 },
    { name: "owner", content: "o", uid: 1 },
    { name: "time", content: "t", mtime: 1n },
    { name: "kind", content: "k" },
    { name: "link", type: "symlink", target: Buffer.from("a") },
    { name: "gone", children: [{ name: "with", content: "w" }] },
    { name: "same", children: [{ name: "s", content: "s" }] },
  ];
  const after: TreeEntry[] = [
    { name: "content", content: "bbbb" },
    { name: "size", content: "ab" },
    { name: "mode", content: "m", mode: 0o640 },
    { name: "owner", content: "o", uid: 2 },
    { name: "time", content: "t", mtime: 2n },
    { name: "kind", type: "directory", children: [{ name: "in", content: "i" }] },
    { name: "link", type: "symlink", target: Buffer.from("b") },
    { name: "new", content: "n", xattrs: [{ name: Buffer.from("user.a"), value: Buffer.from("b") }] },
    { name: "same", children: [{ name: "s", content: "s" }] },
  ];
  expect(await lines(before, after)).toEqual([
    "M content content",
    "- gone",
    "- gone/with",
    "M kind type mode",
    "+ kind/in",
    "M link target",
    "M mode mode",
    "+ new",
    "M owner owner",
    "M size content size",
    "M time mtime",
  ]);
  expect(await lines(before, before)).toEqual([]);
  expect(await lines([], after.slice(0, 2))).toEqual(["+ content", "+ size"]);
});

it("reports directory times only when asked", async () => {
  const at = (mtime: bigint): TreeEntry[] => [{ name: "d", mtime, children: [{ name: "f", content: "f" }] }];
  expect(await lines(at(1n), at(2n))).toEqual([]);
  expect(await lines(at(1n), at(2n), { directoryTimes: true })).toEqual(["M d mtime"]);
});

it("reads few nodes of a large directory in which one entry changed", async () => {
  const many = (changed: string): TreeEntry[] =>
    Array.from({ length: 20_000 }, (_, i) => ({ name: `f${i}`, content: i === 7777 ? changed : "same" }));
  const [from, to] = [tree(many("a")), tree(many("b"))];
  store.asked.length = 0;
  const found: string[] = [];
  for await (const { path } of diff(store.embedded, from, to)) found.push(path.toString());
  expect(found).toEqual(["f7777"]);
  expect(store.asked.length).toBeLessThan(30);
});
