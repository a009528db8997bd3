import { zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../errors.ts";
import { keptZstd } from "./kept-zstd.ts";
import { compress, decompress, isUsableBase } from "./zstd.ts";
import { checkFrame } from "./zstd-frame.ts";

const content = Buffer.from("a small file like many others\n".repeat(40));

describe("kept zstd handles", () => {
  test("are used in the pinned version of Node, else small blobs are slow", () => {
    expect(process.versions.node.startsWith("24.")).toBe(true);
    expect(keptZstd()).toBeDefined();
    expect(keptZstd(19)).toBeUndefined();
  });

  test("write what zlib reads, at every kept level, in turns", () => {
    const zstd = keptZstd()!;
    for (let round = 0; round < 3; round++) {
      for (const level of [1, 5, 3, 2, 4]) {
        const part = content.subarray(round * level);
        const frame = zstd.compress(part, level);
        expect(() => checkFrame(frame, part.length)).not.toThrow();
        expect(zstdDecompressSync(frame).equals(part)).toBe(true);
        expect(zstd.decompress(frame, part.length).equals(part)).toBe(true);
      }
    }
  });

  test("do not change a frame when the next one is written", () => {
    const zstd = keptZstd()!;
    const first = zstd.compress(content, 1);
    const copy = Buffer.from(first);
    zstd.compress(Buffer.from(content.map((byte) => byte ^ 1)), 1);
    expect(first.equals(copy)).toBe(true);
  });

  test("recover from a damaged frame", () => {
    const zstd = keptZstd()!;
    const frame = zstd.compress(content, 1);
    const damaged = Buffer.from(frame).fill(0xff, 10);
    expect(() => zstd.decompress(damaged, content.length)).toThrow();
    expect(() => zstd.decompress(frame.subarray(0, 20), content.length)).toThrow();
    expect(zstd.decompress(frame, content.length).equals(content)).toBe(true);
  });
});

describe("frames", () => {
  const frame = compress(content, 1)!;

  test("are taken exactly: nothing before, behind, missing or of another length", () => {
    const zero = Buffer.alloc(1);
    for (const [bytes, length] of [
      [Buffer.concat([frame, zero]), content.length],
      [Buffer.concat([frame, frame]), content.length],
      [Buffer.concat([zero, frame]), content.length],
      [frame.subarray(0, -1), content.length],
      [frame, content.length - 1],
      [frame, content.length + 1],
      [Buffer.alloc(0), 0],
    ] as const) {
      expect(() => checkFrame(bytes, length)).toThrow(DecodeError);
      expect(() => decompress(bytes, length)).toThrow(DecodeError);
    }
    expect(decompress(frame, content.length).equals(content)).toBe(true);
  });

  test("levels without a kept handle are the same to a reader", () => {
    const other = compress(content, 12)!;
    expect(decompress(other, content.length).equals(content)).toBe(true);
  });

  test("a base in the format of trained dictionaries is not usable, nor one that is too short", () => {
    expect(isUsableBase(Buffer.from("37a430ec0000000000", "hex"))).toBe(false);
    expect(isUsableBase(Buffer.from("1234567"))).toBe(false);
    expect(isUsableBase(Buffer.from("12345678"))).toBe(true);
  });
});
