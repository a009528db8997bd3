import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { deviceId, deviceNumbers } from "./device.ts";
import { nativeSupport } from "./load-native.ts";
import { NODE_TYPE } from "./native.ts";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-native-"));
afterAll(() => fs.rmSync(dir, { recursive: true }));
const { native } = nativeSupport();
const root = process.getuid?.() === 0;
const odd = (name: string): Buffer =>
  Buffer.concat([Buffer.from(`${dir}/${name}`), Buffer.from([0xff, 0xfe, 0x0a])]);

describe.skipIf(native === null)("native calls", () => {
  const n = native!;

  it("sets times to the nanosecond, of files, symlinks and descriptors, also before 1970", () => {
    const file = odd("time");
    fs.writeFileSync(file, "x");
    const link = odd("link");
    fs.symlinkSync(file, link);
    const before = fs.lstatSync(file, { bigint: true });
    n.setTime(link, 1234567890123456789n);
    expect(fs.lstatSync(link, { bigint: true }).mtimeNs).toBe(1234567890123456789n);
    expect(fs.lstatSync(file, { bigint: true }).mtimeNs).toBe(before.mtimeNs);
    n.setTime(file, -1n);
    expect(fs.lstatSync(file, { bigint: true }).mtimeNs).toBe(-1n);
    expect(fs.lstatSync(file, { bigint: true }).atimeNs).toBe(before.atimeNs);
    const fd = fs.openSync(file, "r+");
    n.setFileTime(fd, 999_999_999n);
    fs.closeSync(fd);
    expect(fs.lstatSync(file, { bigint: true }).mtimeNs).toBe(999_999_999n);
  });

  it("reads, writes and removes attributes, large and empty ones", () => {
    const file = odd("xattr");
    fs.writeFileSync(file, "x");
    expect(n.readXattrs(file)).toEqual([]);
    const value = Buffer.alloc(3000, 7);
    n.setXattr(file, Buffer.from("user.b"), value);
    n.setXattr(file, Buffer.from("user.a"), Buffer.alloc(0));
    expect(n.readXattrs(file)).toEqual([
      { name: Buffer.from("user.a"), value: Buffer.alloc(0) },
      { name: Buffer.from("user.b"), value },
    ]);
    n.removeXattr(file, Buffer.from("user.b"));
    expect(n.listXattrs(file)).toEqual([Buffer.from("user.a")]);
  });

  it("throws errors as node:fs does", () => {
    expect(() => n.readXattrs(`${dir}/absent`)).toThrow(
      expect.objectContaining({ code: "ENOENT", errno: -2, syscall: "llistxattr", path: `${dir}/absent` }),
    );
    expect(() => n.setTime(Buffer.from("a\0b"), 0n)).toThrow(TypeError);
  });

  it.skipIf(!root)("makes fifos, sockets and devices", () => {
    n.makeNode(odd("fifo"), NODE_TYPE.fifo | 0o600);
    expect(fs.lstatSync(odd("fifo")).isFIFO()).toBe(true);
    n.makeNode(odd("socket"), NODE_TYPE.socket | 0o600);
    expect(fs.lstatSync(odd("socket")).isSocket()).toBe(true);
    n.makeNode(odd("device"), NODE_TYPE["character-device"] | 0o600, { major: 1, minor: 300 });
    const stat = fs.lstatSync(odd("device"), { bigint: true });
    expect(stat.isCharacterDevice()).toBe(true);
    expect(deviceNumbers(stat.rdev)).toEqual({ major: 1, minor: 300 });
  });

  it("writes files that have no name until they are linked", () => {
    const at = fs.openSync(dir, fs.constants.O_DIRECTORY);
    const before = fs.readdirSync(dir).length;
    const fd = n.openUnnamed(at, 0o640);
    if (fd === null) return; // this file system cannot
    fs.writeSync(fd, "whole");
    n.setFileXattr(fd, Buffer.from("user.x"), Buffer.from("y"));
    expect(fs.readdirSync(dir)).toHaveLength(before);
    n.linkFile(fd, at, Buffer.from([0xfe, 0x41]));
    expect(() => n.linkFile(fd, at, Buffer.from([0xfe, 0x41]))).toThrow(
      expect.objectContaining({ code: "EEXIST" }),
    );
    fs.closeSync(fd);
    const named = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xfe, 0x41])]);
    expect(fs.readFileSync(named, "utf8")).toBe("whole");
    expect(fs.lstatSync(named).mode & 0o777).toBe(0o640);
    expect(n.readXattrs(named)).toEqual([{ name: Buffer.from("user.x"), value: Buffer.from("y") }]);
    fs.closeSync(at);
  });

  it("finds data and holes", () => {
    const file = `${dir}/sparse`;
    const fd = fs.openSync(file, "w+");
    fs.ftruncateSync(fd, 8 << 20);
    fs.writeSync(fd, Buffer.alloc(4096, 1), 0, 4096, 4 << 20);
    expect(n.seekData(fd, 0)).toBe(4 << 20);
    expect(n.seekHole(fd, 4 << 20)).toBe((4 << 20) + 4096);
    expect(n.seekData(fd, (4 << 20) + 4096)).toBe(null);
    fs.closeSync(fd);
  });
});

it("packs device numbers both ways", () => {
  for (const [major, minor] of [
    [1, 3],
    [259, 70000],
    [4095, 255],
    [0xfffff, 0xfffff],
  ] as const) {
    expect(deviceNumbers(deviceId(major, minor))).toEqual({ major, minor });
  }
});
