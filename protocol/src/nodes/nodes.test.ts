import { describe, expect, test } from "vitest";
import { DecodeError, FormatTooNewError } from "../errors.ts";
import { golden } from "../golden-bytes.ts";
import {
  decodeCheckpointInner,
  decodeCheckpointLeaf,
  encodeCheckpointInner,
  encodeCheckpointLeaf,
} from "./checkpoint-node.ts";
import {
  decodeDirectoryInner,
  decodeDirectoryLeaf,
  encodeDirectoryInner,
  encodeDirectoryLeaf,
} from "./directory-node.ts";
import { encodeMeta } from "./encode-meta.ts";
import { isSafeEntryName } from "./entry-name.ts";
import { decodeListInner, decodeListLeaf, encodeListInner, encodeListLeaf } from "./list-node.ts";
import type { Meta } from "./meta.ts";
import { nodeType } from "./node-type.ts";
import { references } from "./references.ts";

const plain: Meta = { name: Buffer.from("a"), type: "file", mode: 0, uid: 0, gid: 0, mtime: 0n, size: 0 };

describe.each([20, 32])("nodes with names of %i bytes", (n) => {
  const name = Buffer.alloc(n, 0xaa);
  const other = Buffer.alloc(n, 0xbb);
  const nameBytes = "aa ".repeat(n);
  const otherBytes = "bb ".repeat(n);

  test("list leaf, golden", () => {
    const entries = [
      { name, length: 5 },
      { name: null, length: 1000 },
      { name: other, length: 70_000 },
    ];
    const bytes = golden(`01 01 0a ${nameBytes} d1 0f e0 c5 08 ${otherBytes}`);
    expect(encodeListLeaf(entries)).toEqual(bytes);
    expect(decodeListLeaf(bytes, n)).toEqual(entries);
    expect(references(bytes, n)).toEqual([
      { kind: "data", name },
      { kind: "data", name: other },
    ]);
  });

  test("list inner, golden", () => {
    const children = [
      { name, bytes: 300, entries: 2 },
      { name: other, bytes: 2 ** 52, entries: 1 },
    ];
    const bytes = golden(`02 01 01 ${nameBytes} ac 02 02 ${otherBytes} 80 80 80 80 80 80 80 08 01`);
    expect(encodeListInner(1, children)).toEqual(bytes);
    expect(decodeListInner(bytes, n)).toEqual({ level: 1, children });
    expect(references(bytes, n).map((one) => one.kind)).toEqual(["node", "node"]);
  });

  test("directory leaf, golden", () => {
    const file = encodeMeta({ ...plain, chunk: name });
    const folder = encodeMeta({ ...plain, name: Buffer.from("b"), type: "directory", directory: other });
    const size = (10 + n).toString(16);
    const bytes = golden(
      `03 01 ${size} 05 01 01 01 'a' 02 01 01 09 ${n.toString(16)} ${nameBytes}
       ${size} 05 01 01 01 'b' 02 01 02 0b ${n.toString(16)} ${otherBytes}`.replaceAll(
        size,
        (10 + n).toString(16),
      ),
    );
    expect(encodeDirectoryLeaf([file, folder])).toEqual(bytes);
    expect(decodeDirectoryLeaf(bytes)).toEqual([file, folder]);
    expect(references(bytes, n)).toEqual([
      { kind: "data", name },
      { kind: "node", name: other },
    ]);
  });

  test("directory inner, golden", () => {
    const children = [{ name, entries: 3, bytes: 300, firstName: Buffer.from("ab") }];
    const bytes = golden(`04 01 02 ${nameBytes} 03 ac 02 02 'ab'`);
    expect(encodeDirectoryInner(2, children)).toEqual(bytes);
    expect(decodeDirectoryInner(bytes, n)).toEqual({ level: 2, children });
    expect(references(bytes, n)).toEqual([{ kind: "node", name }]);
  });

  test("checkpoint leaf and inner, golden", () => {
    const leaf = golden("06 01 01 'k' 00 02 'kk' 01 'v'");
    const entries: [Buffer, Buffer][] = [
      [Buffer.from("k"), Buffer.alloc(0)],
      [Buffer.from("kk"), Buffer.from("v")],
    ];
    expect(encodeCheckpointLeaf(entries)).toEqual(leaf);
    expect(decodeCheckpointLeaf(leaf)).toEqual(entries);
    expect(references(leaf, n)).toEqual([]);
    const children = [{ name, entries: 300, firstKey: Buffer.from("k") }];
    const inner = golden(`07 01 01 ${nameBytes} ac 02 01 'k'`);
    expect(encodeCheckpointInner(1, children)).toEqual(inner);
    expect(decodeCheckpointInner(inner, n)).toEqual({ level: 1, children });
    expect(references(inner, n)).toEqual([{ kind: "node", name }]);
  });

  test("references of another length are refused", () => {
    const wrong = encodeMeta({ ...plain, chunk: name.subarray(1) });
    expect(() => references(wrong, n)).toThrow(DecodeError);
  });
});

test("unknown types and versions are a newer format; another type is not what was asked for", () => {
  for (const text of ["08 01", "00 01", "01 02", "05 00"]) {
    expect(() => nodeType(golden(text))).toThrow(FormatTooNewError);
  }
  expect(() => nodeType(golden("01"))).toThrow(DecodeError);
  expect(() => decodeListLeaf(golden("03 01"), 20)).toThrow(
    "expected a list-leaf node, found a directory-leaf node",
  );
  expect(() => decodeListInner(golden("02 01 00"), 20)).toThrow("level 0");
  expect(() => decodeListInner(golden("02 01 01"), 20)).toThrow("no children");
});

test("names that lead elsewhere are not safe", () => {
  for (const unsafe of ["", ".", "..", "a/b", "/", "../x", "a\0b"]) {
    expect(isSafeEntryName(Buffer.from(unsafe))).toBe(false);
  }
  for (const safe of ["a", "...", ".a", "a\nb", "..a", "x".repeat(255)]) {
    expect(isSafeEntryName(Buffer.from(safe))).toBe(true);
  }
  expect(isSafeEntryName(golden("ff fe"))).toBe(true);
});
