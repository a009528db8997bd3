import { zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { keptZstd } from "./kept-zstd.ts";
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
