/** A changed node of a directory is compared with the one that had its place. */
import { hashOf, nodeType } from "@datadb/protocol";
import { expect, test } from "vitest";
import { type BackupFile, buildTree } from "./build-tree.ts";
import { directoryBases } from "./directory-bases.ts";

type Emitted = { name: Buffer; content: Buffer; base: Buffer | undefined };

function tree(files: Map<string, BackupFile>, bases = directoryBases(32)): Emitted[] {
  const emitted: Emitted[] = [];
  buildTree(
    { hash: "sha256", emit: (name, content, base) => void emitted.push({ name, content, base }), bases },
    "db",
    files,
  );
  return emitted;
}

const file = (text: string): BackupFile => ({
  ref: { chunk: hashOf("sha256", Buffer.from(text)) },
  bytes: 10,
});
const FILES = Array.from({ length: 1500 }, (_, i) => `public/t${String(i).padStart(4, "0")}.copy`);

test("also where a name came to it or went", () => {
  const before = tree(new Map(FILES.map((path) => [path, file(path)])));
  const bases = directoryBases(32);
  for (const { name, content } of before) bases.note("public/", name, content);
  const names = new Set(before.map(({ name }) => name.toString("hex")));

  const after = new Map(FILES.slice(1).map((path) => [path, file(path)]));
  for (const path of FILES.filter((_, i) => i % 100 === 7)) after.set(path, file(`${path} changed`));
  after.set("public/t0700a.copy", file("new"));
  let changed = 0;
  for (const { name, content, base } of tree(after, bases)) {
    const isOld = names.has(name.toString("hex"));
    if (isOld) expect(base).toBeUndefined();
    else if (content.length > 2000 && nodeType(content).startsWith("directory")) {
      expect(names.has(base!.toString("hex"))).toBe(true);
      changed++;
    }
  }
  expect(changed).toBeGreaterThan(5);
});

test("nothing is known of other directories, and of what is no directory", () => {
  const bases = directoryBases(32);
  const [leaf] = tree(new Map([["public/a", file("a")]]));
  bases.note("public/", Buffer.alloc(32), leaf!.content);
  expect(bases.base("other/", Buffer.alloc(32, 1), leaf!.content)).toBeUndefined();
  expect(bases.base("public/", Buffer.alloc(32, 1), leaf!.content)).toEqual(Buffer.alloc(32));
});
