import { encodeMeta } from "@datadb/protocol";
import { expect, it } from "vitest";
import { OPCODE } from "../kernel/constants.ts";
import { DEFAULTS } from "../testing/fake-store.ts";
import { answerInDirectory } from "./answer-in-directory.ts";
import {
  attributesAt,
  buildTable,
  findName,
  inodeAt,
  isShowable,
  nameAt,
  openTable,
} from "./directory-table.ts";
import { createInodeTable } from "./inode-table.ts";
import { nodeOf } from "./node-id.ts";

const ROOT = { low: 1, high: 0 };
const meta = (name: string, link?: string): Buffer =>
  encodeMeta({
    ...DEFAULTS,
    name: Buffer.from(name),
    type: "file",
    ...(link === undefined ? {} : { link: Buffer.from(link) }),
  });
const numbered = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => meta(`file-${String(i).padStart(6, "0")}`));

it("finds every name and no other, from either side of the shared memory", () => {
  const table = openTable(buildTable(numbered(1000), ROOT, ROOT).memory);
  for (let i = 0; i < 1000; i++) expect(findName(table, nameAt(table, i))).toBe(i);
  for (const absent of ["", "a", "file-000500x", "zzz"])
    expect(findName(table, Buffer.from(absent))).toBe(-1);
  expect(attributesAt(table, 5).readUInt32LE(60)).toBe(0o100644);
});

it("numbers inodes by place, those of one file alike", () => {
  const metas = ["a", "b", "c"].map((name) => meta(name, name === "a" ? undefined : "x/first"));
  const table = buildTable(metas, ROOT, ROOT);
  const again = buildTable(metas, ROOT, ROOT);
  expect(inodeAt(table, 1)).toEqual(inodeAt(table, 2));
  expect(inodeAt(table, 0)).not.toEqual(inodeAt(table, 1));
  expect(inodeAt(table, 0)).toEqual(inodeAt(again, 0));
  const seen = new Set<string>();
  const many = buildTable(numbered(100_000), ROOT, ROOT);
  for (let i = 0; i < many.count; i++) seen.add(`${inodeAt(many, i).high}:${inodeAt(many, i).low}`);
  expect(seen.size).toBe(100_000);
});

it("refuses names that would lead elsewhere", () => {
  for (const name of ["", ".", "..", "a/b", "a\0b", "x".repeat(256)])
    expect(isShowable(Buffer.from(name))).toBe(false);
  for (const name of ["...", "a b", "x".repeat(255)]) expect(isShowable(Buffer.from(name))).toBe(true);
});

it("lists a directory once and completely, whatever the size of the requests", () => {
  const table = buildTable(numbered(300), ROOT, ROOT);
  for (const [opcode, size] of [
    [OPCODE.readdir, 200],
    [OPCODE.readdirplus, 500],
    [OPCODE.readdirplus, 32_768],
  ] as const) {
    const names: string[] = [];
    for (let offset = 0; ; ) {
      const bytes = Buffer.alloc(80);
      bytes.writeUInt32LE(80, 0);
      bytes.writeUInt32LE(offset, 48);
      bytes.writeUInt32LE(size, 56);
      const request = { length: 80, opcode, uniqueLow: 1, uniqueHigh: 0, node: 1, pid: 1 };
      const { reply } = answerInDirectory(table, 3, request, bytes, Buffer.alloc(size + 16), false);
      if (reply.length === 16) break;
      const prefix = opcode === OPCODE.readdirplus ? 128 : 0;
      for (let at = 16; at < reply.length; ) {
        const length = reply.readUInt32LE(at + prefix + 16);
        names.push(reply.toString("utf8", at + prefix + 24, at + prefix + 24 + length));
        offset = reply.readUInt32LE(at + prefix + 8);
        at += (prefix + 24 + length + 7) & ~7;
      }
    }
    expect(names.slice(0, 3)).toEqual([".", "..", "file-000000"]);
    expect(new Set(names).size).toBe(302);
    expect(names).toHaveLength(302);
  }
});

it("drops what the kernel has given back, and only that", () => {
  const inodes = createInodeTable(100_000);
  const table = (): ReturnType<typeof buildTable> => buildTable(numbered(200), ROOT, ROOT);
  expect(inodes.install(1, 10, table())).toEqual([]);
  inodes.count(1, { from: 0, to: 3, lean: false }, 1);
  expect(inodes.install(2, 11, table())).toEqual([]);
  const gone = [3, 4, 5].flatMap((id) => inodes.install(id, 10 + id, table()));
  expect(gone).toContain(11);
  expect(inodes.directory(10)?.id).toBe(1);
  inodes.forget(nodeOf(1, 0), 1);
  inodes.forget(nodeOf(1, 1), 1);
  expect(inodes.directory(10)?.held).toBe(1);
  inodes.forget(nodeOf(1, 2), 5);
  expect(inodes.directory(10)?.held).toBe(0);
  for (const id of [6, 7, 8, 9]) inodes.install(id, 10 + id, table());
  expect(inodes.directory(10)).toBe(undefined);
  expect(inodes.bytes).toBeLessThan(150_000);
});
