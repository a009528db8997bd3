import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { decodeMeta, encodeDirectoryLeaf, encodeMeta } from "@datadb/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildTree, type TreeEntry } from "../testing/build-tree.ts";
import { type MemoryStore, memoryStore } from "../testing/memory-store.ts";
import { restore } from "./restore.ts";

let dir: string;
let out: string;
let store: MemoryStore;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-hostile-"));
  out = `${dir}/deep/out`;
  fs.mkdirSync(out, { recursive: true });
  fs.mkdirSync(`${dir}/victim`);
  fs.writeFileSync(`${dir}/victim/passwd`, "untouched", { mode: 0o640 });
  store = memoryStore();
});
afterEach(() => {
  expect(fs.readdirSync(`${dir}/victim`)).toEqual(["passwd"]);
  expect(fs.readFileSync(`${dir}/victim/passwd`, "utf8")).toBe("untouched");
  expect(fs.statSync(`${dir}/victim/passwd`).mode & 0o7777).toBe(0o640);
  expect(fs.readdirSync(dir).sort()).toEqual(["deep", "victim"]);
  expect(fs.readdirSync(`${dir}/deep`)).toEqual(["out"]);
  fs.rmSync(dir, { recursive: true, force: true });
});

const evil = { content: "evil", mode: 0o777 };
const tree = (children: TreeEntry[], asIs = false): { ref: string } =>
  buildTree(store, { name: "r", children, asIs });

describe("a destination", () => {
  it("where nothing can be made is refused, and not tried for ever", async () => {
    for (const place of ["/proc/nothing", "/proc/nothing/below"])
      await expect(restore(store.embedded, tree([]), "", place)).rejects.toMatchObject({
        code: "BACKEND_UNAVAILABLE",
        message: expect.stringContaining(`'${place}' cannot be made: ENOENT`),
      });
  });

  describe("that is, or holds, the store", () => {
    let config: string;
    beforeEach(async () => {
      const { id } = await store.embedded.facts();
      fs.mkdirSync(`${out}/store/meta`, { recursive: true });
      config = `format: 1\nid: ${id}\n`;
      fs.writeFileSync(`${out}/store/config.yaml`, config);
    });
    afterEach(() => {
      expect(fs.readFileSync(`${out}/store/config.yaml`, "utf8")).toBe(config);
      expect(fs.readdirSync(`${out}/store`).sort()).toEqual(["config.yaml", "meta"]);
    });

    it.each(["store", "store/meta", "store/new/er"])("%s is refused", async (place) => {
      const backup = tree([{ name: "config.yaml", ...evil }]);
      const destination = `${out}/${place}`;
      await expect(
        restore(store.embedded, backup, "", destination, { overwrite: true }),
      ).rejects.toMatchObject({ code: "UNSAFE_PATH", message: expect.stringContaining("the store itself") });
    });

    it("keeps that as it is", async () => {
      const backup = tree([
        { name: "a", content: "good" },
        { name: "store", children: [{ name: "config.yaml", ...evil }] },
      ]);
      const summary = await restore(store.embedded, backup, "", out, { overwrite: true });
      expect(summary).toMatchObject({ problemCount: 1, problems: [{ code: "UNSAFE_PATH" }] });
      expect(fs.readFileSync(`${out}/a`, "utf8")).toBe("good");
    });
  });
});

describe("a hostile backup writes nothing outside its destination", () => {
  it.each(["../x", "..", ".", "", "/tmp/x", "a/b", "a\0b", "../../victim/passwd"])(
    "an entry named %j",
    async (name) => {
      const backup = tree(
        [
          { name, ...evil },
          { name: "zz", content: "good" },
        ],
        true,
      );
      const summary = await restore(store.embedded, backup, "", out, { overwrite: true });
      expect(fs.readFileSync(`${out}/zz`, "utf8")).toBe("good");
      expect(fs.readdirSync(out)).toEqual(["zz"]);
      expect(summary).toMatchObject({ exitCode: 3, problemCount: 1, problems: [{ code: "UNSAFE_PATH" }] });
    },
  );

  it.each([
    ["..", "directory"],
    ["../victim", "directory"],
    [".", "directory"],
    ["../x", "symlink"],
    ["..", "fifo"],
  ] as const)("an entry %j that is a %s", async (name, type) => {
    const entry = { name, type, target: Buffer.from("x"), children: [{ name: "passwd", ...evil }] };
    const summary = await restore(store.embedded, tree([entry], true), "", out, { overwrite: true });
    expect(summary.problems).toMatchObject([{ code: "UNSAFE_PATH" }]);
    expect(fs.readdirSync(out)).toEqual([]);
  });

  it("the root of a single file", async () => {
    const backup = buildTree(store, { name: "../../victim/passwd", ...evil });
    const summary = await restore(store.embedded, backup, "", out, { overwrite: true });
    expect(summary.problems).toMatchObject([{ code: "UNSAFE_PATH" }]);
  });

  it.each([true, false])(
    "a symlink and then a directory of the same name, overwrite %s",
    async (overwrite) => {
      const link = { name: "a", type: "symlink" as const, target: Buffer.from(`${dir}/victim`) };
      const backup = {
        ref: store
          .put("node", rootWith([link, { name: "a", children: [{ name: "passwd", ...evil }] }]))
          .toString("hex"),
      };
      const summary = await restore(store.embedded, backup, "", out, { overwrite });
      expect(summary.problemCount).toBe(1);
    },
  );

  it("symlinks that lead out, with files of the same names below a directory beside them", async () => {
    const backup = tree([
      { name: "a", type: "symlink", target: Buffer.from("../../victim") },
      { name: "b", children: [{ name: "passwd", ...evil }] },
    ]);
    await restore(store.embedded, backup, "", out);
    expect(fs.readlinkSync(`${out}/a`)).toBe("../../victim");
  });

  it("a symlink that was in the destination is replaced, not followed", async () => {
    fs.symlinkSync(`${dir}/victim`, `${out}/b`);
    fs.symlinkSync(`${dir}/victim/passwd`, `${out}/f`);
    const children = [
      { name: "b", children: [{ name: "passwd", ...evil }] },
      { name: "f", ...evil },
    ];
    await expect(restore(store.embedded, tree(children), "", out)).rejects.toMatchObject({ code: "EXISTS" });
    const summary = await restore(store.embedded, tree(children), "", out, { overwrite: true });
    expect(summary.problems).toEqual([]);
    expect(fs.lstatSync(`${out}/b`).isDirectory()).toBe(true);
    expect(fs.lstatSync(`${out}/f`).isFile()).toBe(true);
    expect(fs.readFileSync(`${out}/b/passwd`, "utf8")).toBe("evil");
  });

  it("a hard link to a file outside is replaced, the file is not written", async () => {
    fs.linkSync(`${dir}/victim/passwd`, `${out}/f`);
    await restore(store.embedded, tree([{ name: "f", ...evil }]), "", out, { overwrite: true });
    expect(fs.readFileSync(`${out}/f`, "utf8")).toBe("evil");
  });

  it("a link label that names a file outside", async () => {
    const link = Buffer.from("../../victim/passwd");
    await restore(
      store.embedded,
      tree([
        { name: "f", ...evil, link },
        { name: "g", ...evil, link },
      ]),
      "",
      out,
    );
    expect(fs.statSync(`${out}/f`).nlink).toBe(2);
  });

  it("a directory that turns into a symlink while it is being filled", async () => {
    const files = Array.from({ length: 3000 }, (_, i) => ({ name: `f${i}`, content: `evil ${i}` }));
    const backup = tree([{ name: "a", children: [...files, { name: "zz", children: files }] }]);
    let swapped = false;
    const onProgress = (): void => {
      if (swapped || !fs.existsSync(`${out}/a`)) return;
      swapped = true;
      fs.renameSync(`${out}/a`, `${out}/moved`);
      fs.symlinkSync(`${dir}/victim`, `${out}/a`);
    };
    await restore(store.embedded, backup, "", out, { onProgress });
    expect(swapped).toBe(true);
  });
});

describe("content that lies about itself", () => {
  it("a chunk that is longer than its place, a size that its list does not have", async () => {
    const chunk = store.put("data", Buffer.alloc(5000, "a"));
    const backup = tree([
      { name: "long", chunk, size: 10 },
      { name: "none", size: 77 },
      { name: "list", content: [Buffer.alloc(10, 1), Buffer.alloc(10, 2)], size: 19 },
      { name: "ok", content: "ok" },
    ]);
    const summary = await restore(store.embedded, backup, "", out);
    expect(fs.readdirSync(out)).toEqual(["ok"]);
    expect(summary).toMatchObject({ exitCode: 5, problemCount: 3 });
    expect(summary.problems.map(({ code }) => code)).toEqual(["DAMAGED", "DAMAGED", "DAMAGED"]);
  });
});

/** A root whose one leaf holds entries of the same name: no writer makes that. */
function rootWith(children: TreeEntry[]): Buffer {
  const metas = children.map((child) => {
    const { ref } = buildTree(store, child);
    return decodeMeta(Buffer.from(store.records.get(`node:${ref}`)!.payload));
  });
  const directory = store.put("node", encodeDirectoryLeaf(metas.map((meta) => encodeMeta(meta))));
  return encodeMeta({
    ...metas[0]!,
    target: undefined,
    name: Buffer.from("r"),
    type: "directory",
    mode: 0o755,
    directory,
  });
}
