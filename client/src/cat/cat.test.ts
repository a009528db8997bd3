import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { nativeSupport } from "../native/load-native.ts";
import { buildTree } from "../testing/build-tree.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { cat } from "./cat.ts";

async function bytes(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const one of stream) all.push(one);
  return Buffer.concat(all);
}

it("streams a file, holes as zeros", async () => {
  const store = memoryStore();
  const content = [Buffer.alloc(100_000, "ab"), { hole: 3 << 20 }, Buffer.from("end")];
  const backup = buildTree(store, {
    name: "r",
    children: [
      { name: "f", content },
      { name: "e", content: "" },
    ],
  });
  const whole = Buffer.concat([Buffer.alloc(100_000, "ab"), Buffer.alloc(3 << 20), Buffer.from("end")]);
  expect((await bytes(cat(store.embedded, backup, "f"))).equals(whole)).toBe(true);
  expect((await bytes(cat(store.remote, backup, "f"))).equals(whole)).toBe(true);
  expect(await bytes(cat(store.embedded, backup, "e"))).toHaveLength(0);
});

it("refuses what has no content, and names a missing blob", async () => {
  const store = memoryStore();
  const children = [
    { name: "l", type: "symlink" as const, target: Buffer.from("x") },
    { name: "f", content: "f" },
  ];
  const backup = buildTree(store, { name: "r", children });
  await expect(bytes(cat(store.embedded, backup, "l"))).rejects.toMatchObject({ code: "USAGE" });
  const name = memoryStore().put("data", Buffer.from("f")).toString("hex");
  store.records.delete(`data:${name}`);
  const missing = bytes(cat(store.embedded, backup, "f"));
  await expect(missing).rejects.toMatchObject({ code: "DAMAGED", message: expect.stringContaining(name) });
});

it("makes an archive that tar unpacks to the same tree", async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-tar-"));
  try {
    const store = memoryStore();
    const long = `${"d".repeat(120)}`;
    const link = Buffer.from("a/first");
    const odd = Buffer.from([0x66, 0xff, 0x0a]);
    const xattrs = [{ name: Buffer.from("user.x"), value: Buffer.from([1, 0, 10]) }];
    const backup = buildTree(store, {
      name: "r",
      children: [
        {
          name: "a",
          mode: 0o700,
          children: [
            { name: "first", content: "linked", link },
            { name: "second", content: "linked", link },
          ],
        },
        { name: long, children: [{ name: "f".repeat(200), content: "deep", mtime: -1_500_000_000n }] },
        { name: odd, content: "odd", xattrs },
        { name: "größe", type: "symlink", target: Buffer.from("t".repeat(150)) },
        { name: "fifo", type: "fifo" },
        { name: "socket", type: "socket" },
        { name: "big", content: [Buffer.alloc(70_000, 1), Buffer.alloc(513, 2)], mode: 0o600 },
      ],
    });
    const skipped: string[] = [];
    const archive = await bytes(
      cat(store.embedded, backup, "", { onSkipped: (one) => skipped.push(one.toString()) }),
    );
    expect(skipped).toEqual(["socket"]);
    expect(archive.length % 512).toBe(0);
    execFileSync("tar", ["--xattrs", "--xattrs-include=*", "-xpf", "-", "-C", dir], {
      input: archive,
      stdio: ["pipe", "ignore", "ignore"],
    });
    const at = (name: string | Buffer): Buffer => Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(name)]);
    const stat = (name: string | Buffer): fs.BigIntStats => fs.lstatSync(at(name), { bigint: true });
    expect(stat("a/first").ino).toBe(stat("a/second").ino);
    expect(stat("a").mode & 0o777n).toBe(0o700n);
    expect(fs.readFileSync(at(`${long}/${"f".repeat(200)}`), "utf8")).toBe("deep");
    expect(stat(`${long}/${"f".repeat(200)}`).mtimeNs).toBe(-1_500_000_000n);
    expect(fs.readFileSync(at(odd), "utf8")).toBe("odd");
    expect(nativeSupport().native?.readXattrs(at(odd)) ?? xattrs).toEqual(xattrs);
    expect(fs.readlinkSync(at("größe"))).toBe("t".repeat(150));
    expect(stat("fifo").isFIFO()).toBe(true);
    expect(
      fs.readFileSync(at("big")).equals(Buffer.concat([Buffer.alloc(70_000, 1), Buffer.alloc(513, 2)])),
    ).toBe(true);
    expect(stat("big").mtimeNs).toBe(1_600_000_000_123_456_789n);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
});
