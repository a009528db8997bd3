import { createHash } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { decompressDelta } from "./decompress-delta.ts";
import { keptZstd } from "./kept-zstd.ts";
import { compressDelta, decompress } from "./zstd.ts";
import { checkFrame } from "./zstd-frame.ts";

const words = (length: number, salt: number): Buffer => {
  let text = "";
  for (let at = 0; text.length < length; at++) text += `row ${(at * 7919 + salt) % 10007}\t`;
  return Buffer.from(text.slice(0, length));
};

/** The base with some of its bytes changed, moved, and followed by others. */
function changed(base: Buffer, length: number): Buffer {
  const at = base.length >> 1;
  const content = Buffer.concat([
    base.subarray(at),
    createHash("sha256").update(`${length}`).digest().subarray(0, 9),
    base.subarray(0, at),
    words(length, 1),
  ]);
  return content.subarray(0, length);
}

/** Around zstd's blocks of 128 KiB, and beyond the memory that is kept. */
const LENGTHS = [8, 300, 65_536, 131_071, 131_072, 131_073, 300_000, 700_000];

test.each(LENGTHS)(
  "a delta against %i bytes is what zlib reads with the base as dictionary",
  (baseLength) => {
    const base = words(baseLength, baseLength);
    for (const length of [1, 20, 5000, ...LENGTHS]) {
      const content = changed(base, length);
      for (const level of [1, 9, "effort"] as const) {
        if (level === "effort" && length + baseLength > 400_000) continue;
        const frame = compressDelta(content, base, level)!;
        expect(zstdDecompressSync(frame, { dictionary: base }).equals(content)).toBe(true);
        expect(decompress(frame, length, base).equals(content)).toBe(true);
        const into = Buffer.alloc(length);
        expect(decompress(frame, length, base, into)).toBe(into);
        expect(into.equals(content)).toBe(true);
      }
    }
  },
);

test("the content may take the place of its base", () => {
  const base = words(70_000, 3);
  const content = changed(base, 70_000);
  const frame = compressDelta(content, base, 9)!;
  expect(decompress(frame, base.length, base, base)).toBe(base);
  expect(base.equals(content)).toBe(true);
});

test("a frame with a checksum is read as well", () => {
  const base = words(70_000, 4);
  const content = changed(base, 60_000);
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };
  const frame = zstdCompressSync(content, { dictionary: base, pledgedSrcSize: content.length, params });
  expect(decompress(frame, content.length, base).equals(content)).toBe(true);
});

test("what is damaged is an error or other bytes, and the next frame is read", () => {
  const zstd = keptZstd()!;
  const base = words(70_000, 5);
  const content = changed(base, 65_000);
  const frame = compressDelta(content, base, 9)!;
  let errors = 0;
  for (let at = 10; at < frame.length; at += 3) {
    const bad = Buffer.from(frame);
    bad[at]! ^= 1 << (at & 7);
    try {
      const found = decompressDelta(zstd, bad, checkFrame(bad, content.length), content.length, base);
      expect(found.length).toBe(content.length);
    } catch {
      errors += 1;
    }
    if (at % 50 === 0) expect(decompress(frame, content.length, base).equals(content)).toBe(true);
  }
  expect(errors).toBeGreaterThan(0);
});
