import { describe, expect, it } from "vitest";
import type { Backup } from "../list/backup.ts";
import { readBackup } from "../list/read-backup.ts";
import { buildTree, type TreeEntry } from "../testing/build-tree.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { find } from "./find.ts";
import { parseGlob } from "./glob.ts";

it.each([
  ["*.ts", "a.ts", true],
  ["*.ts", "a.tsx", false],
  ["*.ts", ".ts", true],
  ["a?c", "abc", true],
  ["a?c", "ac", false],
  ["[a-c]x", "bx", true],
  ["[!a-c]x", "bx", false],
  ["[!a-c]x", "dx", true],
  ["[]]x", "]x", true],
  ["[a&&b]", "&", true],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["a+(b)|c^$", "a+(b)|c^$", true],
  ["größe*", "größe.txt", true],
  ["?", "😀", true],
  ["x\ny*", "x\nyz", true],
  ["src/*.ts", "src/a.ts", true],
  ["src/*.ts", "src/b/a.ts", false],
  ["src/**/*.ts", "src/a.ts", true],
  ["src/**/*.ts", "src/b/c/a.ts", true],
  ["**/a.ts", "a.ts", true],
  ["/etc/**", "etc/x/y", true],
  ["/etc/**", "var/etc/x", false],
])("the pattern %s matches %j: %s", (pattern, text, expected) => {
  expect(parseGlob(pattern).test(text)).toBe(expected);
});

it("refuses patterns that mean nothing", () => {
  expect(() => parseGlob("[abc")).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(() => parseGlob("")).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(parseGlob("README*", true).test("readme.md")).toBe(true);
});

describe("find", () => {
  const store = memoryStore();
  const shared: TreeEntry = {
    name: "lib",
    children: [
      { name: "a.key", content: "1" },
      { name: "deep", children: [{ name: "b.key", content: "2" }] },
    ],
  };
  const make = (children: TreeEntry[], id: string): Backup =>
    readBackup(
      new Map([
        ["id", id],
        ["ref", buildTree(store, { name: "r", children }).ref],
      ]),
    );
  const one = make([shared, { name: "c.key", children: [] }], "one");
  const two = make([{ name: "x", children: [shared] }], "two");

  async function paths(pattern: string, backups: Backup[], options = {}): Promise<string[]> {
    const found: string[] = [];
    for await (const { backup, path } of find(store.embedded, backups, pattern, options))
      found.push(`${backup.id}:${path}`);
    return found;
  }

  it("finds by name in every backup, also below directories that it has seen before", async () => {
    expect(await paths("*.key", [one, two])).toEqual([
      "one:c.key",
      "one:lib/a.key",
      "one:lib/deep/b.key",
      "two:x/lib/a.key",
      "two:x/lib/deep/b.key",
    ]);
  });

  it("finds by path and by type", async () => {
    expect(await paths("lib/**", [one, two])).toEqual([
      "one:lib/a.key",
      "one:lib/deep",
      "one:lib/deep/b.key",
    ]);
    expect(await paths("*.key", [one], { type: "directory" })).toEqual(["one:c.key"]);
  });
});
