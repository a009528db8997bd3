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
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-restore-"));
  out = `${dir}/out`;
  store = memoryStore();
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
const stat = (name: string | Buffer): fs.BigIntStats => fs.lstatSync(name, { bigint: true });
const at = (name: Buffer): Buffer => Buffer.concat([Buffer.from(`${out}/`), name]);
const random = (bytes: number, seed: number): Buffer =>
  Buffer.from(
    Uint32Array.from({ length: Math.ceil(bytes / 4) }, (_, i) => Math.imul(i + seed, 2654435761)).buffer,
    0,
    bytes,
  );
/** Every name below a directory. */
const names = (root: string): string[] => fs.readdirSync(root, { recursive: true }).map(String).sort();

const tree = (children: TreeEntry[], root: Partial<TreeEntry> = {}): { ref: string } =>
  buildTree(store, { name: "home", children, mode: 0o750, mtime: 1_500_000_000_000_000_001n, ...root });

describe("what comes back", () => {
  it.each(["embedded", "remote"] as const)("files of every size, %s", async (way) => {
    const pieces = [random(200_000, 1), random(3_000_000, 2), random(1, 3), random(2_000_000, 4)];
    const backup = tree([
      { name: "empty", content: "" },
      { name: "small", content: "x".repeat(5000), mode: 0o600 },
      { name: "pieces", content: [random(1000, 5), random(70_000, 6)], mode: 0o444 },
      { name: "large", content: pieces, mode: 0o666 },
      { name: Buffer.from([0xff, 0x0a, 0xfe]), content: "odd name" },
      { name: "n".repeat(255), content: "long name" },
    ]);
    const summary = await restore(store[way], backup, "", out);
    expect(summary).toMatchObject({ exitCode: 0, problems: [], entries: { files: 6, directories: 1 } });
    expect(fs.readFileSync(`${out}/large`).equals(Buffer.concat(pieces))).toBe(true);
    expect(fs.readFileSync(`${out}/pieces`).equals(Buffer.concat([random(1000, 5), random(70_000, 6)]))).toBe(
      true,
    );
    expect(fs.readFileSync(`${out}/small`, "utf8")).toBe("x".repeat(5000));
    expect(fs.statSync(`${out}/empty`).size).toBe(0);
    expect(fs.readFileSync(at(Buffer.from([0xff, 0x0a, 0xfe])), "utf8")).toBe("odd name");
    expect(["small", "pieces", "large"].map((name) => Number(stat(`${out}/${name}`).mode & 0o7777n))).toEqual(
      [0o600, 0o444, 0o666],
    );
    for (const name of ["empty", "small", "large", ""]) {
      expect(stat(`${out}/${name}`).mtimeNs).toBe(
        name === "" ? 1_500_000_000_000_000_001n : 1_600_000_000_123_456_789n,
      );
    }
    expect(fs.statSync(out).mode & 0o7777).toBe(0o750);
  });

  it("directories in directories, their times and modes, also without write permission", async () => {
    const inner = { name: "c", children: [{ name: "f", content: "f" }], mode: 0o500, mtime: 5n };
    const backup = tree([
      { name: "a", mode: 0o555, mtime: 1n, children: [{ name: "b", children: [inner], mtime: -2n }] },
    ]);
    await restore(store.embedded, backup, "", out);
    expect(stat(`${out}/a`).mtimeNs).toBe(1n);
    expect(stat(`${out}/a/b`).mtimeNs).toBe(-2n);
    expect(stat(`${out}/a/b/c`).mtimeNs).toBe(5n);
    expect(stat(`${out}/a/b/c`).mode & 0o7777n).toBe(0o500n);
  });

  it("more directories than descriptors may be open, and very deep ones", async () => {
    let deep: TreeEntry = { name: "leaf", content: "deep" };
    for (let level = 0; level < 300; level++)
      deep = { name: `d${level}`, children: [deep], mtime: BigInt(level) };
    const wide = Array.from({ length: 400 }, (_, i) => ({
      name: `w${i}`,
      children: [{ name: "f", content: `${i}` }],
    }));
    const summary = await restore(store.embedded, tree([deep, ...wide]), "", out);
    expect(summary.problems).toEqual([]);
    expect(summary.entries).toMatchObject({ files: 401, directories: 701 });
    expect(fs.readFileSync(`${out}/w399/f`, "utf8")).toBe("399");
  });

  it("holes", async () => {
    const content = [{ hole: 1 << 20 }, random(4096, 7), { hole: 5 << 20 }];
    await restore(
      store.embedded,
      tree([
        { name: "sparse", content },
        { name: "all", content: [{ hole: 1 << 20 }] },
      ]),
      "",
      out,
    );
    const whole = Buffer.alloc((6 << 20) + 4096);
    random(4096, 7).copy(whole, 1 << 20);
    expect(fs.readFileSync(`${out}/sparse`).equals(whole)).toBe(true);
    expect(stat(`${out}/sparse`).blocks).toBeLessThan(100n);
    expect(fs.readFileSync(`${out}/all`).equals(Buffer.alloc(1 << 20))).toBe(true);
    expect(stat(`${out}/all`).blocks).toBe(0n);
  });

  it("symlinks, fifos, sockets, devices, owners, set-id bits, attributes, ACLs", async () => {
    const { native } = nativeSupport();
    if (native === null || !isRoot) return;
    const acl = Buffer.from(
      "0200000001000600ffffffff02000400e8030000040004 00ffffffff10000400ffffffff20000400ffffffff".replace(
        " ",
        "",
      ),
      "hex",
    );
    const xattrs = [
      { name: Buffer.from("system.posix_acl_access"), value: acl },
      { name: Buffer.from("user.note"), value: Buffer.from([0, 1, 2]) },
    ];
    const backup = tree([
      { name: "link", type: "symlink", target: Buffer.from("/nowhere/\xff"), uid: 12, gid: 34 },
      { name: "fifo", type: "fifo", mode: 0o620 },
      { name: "socket", type: "socket", mode: 0o755 },
      { name: "null", type: "character-device", mode: 0o666, device: { major: 1, minor: 3 } },
      { name: "disk", type: "block-device", mode: 0o660, device: { major: 7, minor: 300 } },
      { name: "setuid", content: "#!", mode: 0o6755, uid: 12, gid: 34 },
      { name: "big", content: [random(3_000_000, 1), random(10, 2)], mode: 0o4711, uid: 12, gid: 34 },
      { name: "acl", content: "acl", mode: 0o644, xattrs },
      { name: "dir", children: [], mode: 0o3770, uid: 12, gid: 34, xattrs: [xattrs[1]!] },
    ]);
    const summary = await restore(store.embedded, backup, "", out);
    expect(summary.problems).toEqual([]);
    expect(fs.readlinkSync(`${out}/link`)).toBe("/nowhere/\xff");
    expect(stat(`${out}/link`)).toMatchObject({ uid: 12n, gid: 34n, mtimeNs: 1_600_000_000_123_456_789n });
    expect(stat(`${out}/fifo`).isFIFO()).toBe(true);
    expect(stat(`${out}/socket`).isSocket()).toBe(true);
    expect(stat(`${out}/null`).rdev).toBe(fs.statSync("/dev/null", { bigint: true }).rdev);
    expect(stat(`${out}/disk`).isBlockDevice()).toBe(true);
    expect(stat(`${out}/setuid`)).toMatchObject({ uid: 12n, gid: 34n });
    expect(stat(`${out}/setuid`).mode & 0o7777n).toBe(0o6755n);
    expect(stat(`${out}/big`).mode & 0o7777n).toBe(0o4711n);
    expect(stat(`${out}/dir`).mode & 0o7777n).toBe(0o3770n);
    expect(native.readXattrs(`${out}/acl`)).toEqual(xattrs);
    expect(native.readXattrs(`${out}/dir`)).toEqual([xattrs[1]]);
    const none = `${dir}/none`;
    await restore(store.embedded, backup, "", none, { owners: "none" });
    expect(stat(`${none}/setuid`)).toMatchObject({ uid: 0n, gid: 0n });
    expect(stat(`${none}/setuid`).mode & 0o7777n).toBe(0o755n);
  });

  it("hard links, also when only some of the names are restored", async () => {
    const link = Buffer.from("a/first");
    const content = [random(3_000_000, 8), random(100, 9)];
    const member = { content, link };
    const backup = tree([
      { name: "a", children: [{ name: "first", ...member }] },
      {
        name: "b",
        children: [
          { name: "second", ...member },
          { name: "third", ...member },
        ],
      },
    ]);
    await restore(store.embedded, backup, "", out);
    expect(new Set(["a/first", "b/second", "b/third"].map((name) => stat(`${out}/${name}`).ino)).size).toBe(
      1,
    );
    const part = await restore(store.embedded, backup, "b", `${dir}/part`);
    expect(part.entries).toMatchObject({ files: 1, hardLinks: 1 });
    expect(stat(`${dir}/part/second`).nlink).toBe(2n);
    expect(fs.readFileSync(`${dir}/part/third`).equals(Buffer.concat(content))).toBe(true);
  });

  it("a part, and nothing else is fetched", async () => {
    const backup = tree([
      { name: "a", children: [{ name: "f", content: "of a" }] },
      { name: "b", children: [{ name: "c", children: [{ name: "f", content: "of c" }] }] },
    ]);
    const other = memoryStore().put("data", Buffer.from("of a")).toString("hex");
    await restore(store.embedded, backup, "/b/c/", out);
    expect(names(out)).toEqual(["f"]);
    expect(store.asked).not.toContain(other);
    await restore(store.embedded, backup, "a/f", `${dir}/file`);
    expect(fs.readFileSync(`${dir}/file/f`, "utf8")).toBe("of a");
    await expect(restore(store.embedded, backup, "b/x/y", out)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
