import { describe, expect, test } from "vitest";
import { decodeChain } from "./decode-chain.ts";
import { type Effort, encodeOnChain } from "./encode-on-chain.ts";
import { encodeBlob } from "./encoding.ts";
import { hashOf } from "./hash.ts";
import type { BlobRecord } from "./kinds.ts";

const nameOf = (content: Buffer) => hashOf("sha256", content);
const hex = (text: string): string => nameOf(Buffer.from(text)).toString("hex");

/** Rows of words and numbers, as tables have them; the same for the same ids and version. */
function rows(from: number, to: number, version = 0): Buffer {
  const lines: string[] = [];
  for (let id = from; id < to; id++) {
    const random = nameOf(Buffer.from(`${id}:${version}`));
    const words = Array.from(random.subarray(0, 12), (byte) => hex(String(byte)).slice(0, 3 + (byte % 6)));
    lines.push(`${id}\t${words.join(" ")}\t${random.readUInt32LE(12)}\tactive\n`);
  }
  return Buffer.from(lines.join(""));
}

/** Compresses, and has nothing in common with that of another seed. */
const digits = (seed: string): Buffer =>
  Buffer.from(Array.from({ length: 600 }, (_, i) => hex(`${seed} ${i}`)).join("\n"));

const FIRST = rows(0, 600);
const BASE = encodeBlob("data", nameOf(FIRST), FIRST);
const encode = (content: Buffer, effort?: Effort): BlobRecord =>
  encodeOnChain("sha256", "data", nameOf(content), content, [BASE], effort);

/** Half of the rows are other ones. */
const CHANGED = Buffer.concat([rows(0, 300), rows(300, 600, 1)]);
/** They follow on the first ones. */
const APPENDED = rows(600, 1200);

describe("effort", () => {
  test.each([
    ["what changed much, against its base", CHANGED, "zstd-delta"],
    ["what is new, whole", APPENDED, "zstd"],
  ])("makes smaller %s, and is taken away by its length", (_, content, encoding) => {
    const spent = encoding === "zstd" ? content.length : Math.max(content.length, FIRST.length);
    const effort = { left: spent + 7 };
    const [quick, record] = [encode(content), encode(content, effort)];
    expect([quick.encoding, record.encoding]).toEqual([encoding, encoding]);
    expect(record.base).toEqual(quick.base);
    expect(record.payload.length).toBeLessThan(quick.payload.length * 0.98);
    const chain = record.base === null ? [record] : [BASE, record];
    expect(decodeChain("sha256", chain).equals(content)).toBe(true);
    expect(effort.left).toBe(7);
  });

  test("that is not enough changes nothing", () => {
    const effort = { left: APPENDED.length - 1 };
    expect(encode(APPENDED, effort)).toEqual(encode(APPENDED));
    expect(effort.left).toBe(APPENDED.length - 1);
  });

  test("tries what lies beside where the chain is of no use", () => {
    const beside = { name: nameOf(rows(800, 1400)), content: rows(800, 1400) };
    const effort = { left: Math.max(APPENDED.length, beside.content.length), beside };
    const record = encode(APPENDED, effort);
    expect(record).toMatchObject({ encoding: "zstd-delta", base: beside.name });
    const there = encodeBlob("data", beside.name, beside.content);
    expect(decodeChain("sha256", [there, record]).equals(APPENDED)).toBe(true);
    expect(effort.left).toBe(0);
    expect(encode(CHANGED, { left: 1 << 30, beside }).base).toEqual(BASE.name);
  });

  test("that was spent on another base in vain makes it whole, and is all counted", () => {
    const [content, other] = [digits("own"), digits("other")];
    const beside = { name: nameOf(other), content: other };
    const effort = { left: content.length + Math.max(content.length, other.length), beside };
    expect(encode(content, effort)).toEqual(encode(content, { left: content.length }));
    expect(effort.left).toBe(0);
    expect(encode(content, { left: content.length, beside })).toEqual(encode(content));
  });

  test("is spent on looking through a base, however short the content", () => {
    const content = Buffer.concat([rows(0, 4), rows(4, 8, 1)]);
    const effort = { left: FIRST.length };
    expect(encode(content, effort)).toMatchObject({ encoding: "zstd-delta" });
    expect(effort.left).toBe(0);
    const less = { left: FIRST.length - 1 };
    expect(encode(content, less)).toEqual(encode(content));
    expect(less.left).toBe(FIRST.length - 1);
  });

  test("is not spent on small differences, nor on what does not compress", () => {
    const effort = { left: 1 << 30 };
    const small = Buffer.concat([rows(0, 300), rows(300, 301, 1), rows(301, 600)]);
    expect(encode(small, effort)).toEqual(encode(small));
    const noise = Buffer.concat(Array.from({ length: 1000 }, (_, i) => nameOf(Buffer.from(`noise ${i}`))));
    expect(encode(noise, effort)).toMatchObject({ encoding: "raw", base: null });
    expect(effort.left).toBe(1 << 30);
  });

  test("is not spent on what has no previous version: first backups", () => {
    const effort = { left: 1 << 30 };
    const record = encodeOnChain("sha256", "data", nameOf(APPENDED), APPENDED, [], effort);
    expect(record).toEqual(encodeBlob("data", nameOf(APPENDED), APPENDED));
    expect(effort.left).toBe(1 << 30);
  });

  test("bounds what a flood of new content takes: so much of it is encoded with effort, the rest as before", () => {
    const effort = { left: 0 };
    const parts = Array.from({ length: 8 }, (_, i) => rows(i * 600, (i + 1) * 600, 2));
    effort.left = parts[0]!.length * 3.5;
    const quick = parts.map((part) => encode(part).payload.length);
    const smaller = parts.filter((part, i) => encode(part, effort).payload.length < quick[i]!);
    expect(smaller.length).toBe(3);
    expect(effort.left).toBeGreaterThanOrEqual(0);
  });
});
