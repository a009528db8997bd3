import { decodeChain, encodeBlob, hashOf } from "@datadb/protocol";
import { expect, test } from "vitest";
import { encodeRanges } from "./encode-ranges.ts";
import type { EncodeJob } from "./messages.ts";
import { type PackedRecords, packRecords, unpackRecords } from "./packed-records.ts";

const HASH = "sha256";
const NONE = Buffer.alloc(32);

/** Rows that compress, the same for the same seed. */
function rows(seed: string): Buffer {
  const words = Array.from({ length: 6000 }, (_, i) => {
    const word = hashOf(HASH, Buffer.from(`${seed} ${i}`));
    return `${hashOf(HASH, word.subarray(0, 1))
      .toString("hex")
      .slice(0, 4 + (i % 4))}${i % 9 === 0 ? "\n" : " "}`;
  });
  return Buffer.from(words.join(""));
}

/** Compresses, and has nothing in common with that of another seed. */
function digits(seed: string): Buffer {
  const lines = Array.from({ length: 400 }, (_, i) => hashOf(HASH, Buffer.from(`${seed} ${i}`)));
  return Buffer.from(lines.map((line) => line.toString("hex")).join("\n"));
}

/** A job with these chunks in a slab; `bases`: the name of a base for each. */
function jobOf(
  contents: readonly Buffer[],
  bases: readonly Buffer[],
  chains: PackedRecords,
): [Buffer, EncodeJob] {
  let at = 0;
  const ranges = contents.flatMap(({ length }) => {
    at += length;
    return [at - length, length];
  });
  const names = new Uint8Array(Buffer.concat(contents.map((content) => hashOf(HASH, content))));
  const packed = { names, ranges: Uint32Array.from(ranges), bases: new Uint8Array(Buffer.concat(bases)) };
  return [Buffer.concat(contents), { type: "encode", ...packed, chains }];
}

test("effort is for chunks with a probable base, for one job after another until it is spent", () => {
  const before = rows("before");
  const base = encodeBlob("data", hashOf(HASH, before), before);
  const contents = ["a", "b", "c"].map(rows);
  const effort = { left: contents[1]!.length + contents[2]!.length / 2 };
  const sizes = (left: { left: number }): number[] => {
    const [view, job] = jobOf(
      contents,
      [NONE, base.name, base.name],
      packRecords("data", [{ ...base, payload: Buffer.from(base.payload) }], 32),
    );
    return unpackRecords(encodeRanges(HASH, view, job, left), 32).map((record, i) => {
      const chain = record!.base === null ? [record!] : [base, record!];
      expect(decodeChain(HASH, chain).equals(contents[i]!)).toBe(true);
      return record!.payload.length;
    });
  };
  const quick = sizes({ left: 0 });
  const first = sizes(effort);
  expect(first[0]).toBe(quick[0]);
  expect(first[1]).toBeLessThan(quick[1]!);
  expect(first[2]).toBe(quick[2]);
  expect(sizes(effort)).toEqual(quick);
});

test("of new chunks with one probable base the first leads, and at most three that are like it follow", () => {
  const before = rows("before");
  const base = encodeBlob("data", hashOf(HASH, before), before);
  const common = digits("common");
  const alike = Array.from({ length: 6 }, (_, i) => Buffer.concat([common, digits(`own ${i}`)]));
  const contents = [...alike, digits("other"), Buffer.concat([common, digits("own 7")])];
  const hints = contents.map(() => base.name);
  const chains = packRecords("data", [{ ...base, payload: Buffer.from(base.payload) }], 32);
  const [view, job] = jobOf(contents, hints, chains);
  const records = unpackRecords(encodeRanges(HASH, view, job, { left: 1 << 30 }), 32);
  const names = contents.map((content) => hashOf(HASH, content));
  const [first, fifth] = [names[0]!, names[4]!];
  expect(records.map((record) => record!.base)).toEqual([null, first, first, first, null, fifth, null, null]);
  for (const [i, record] of records.entries()) {
    const chain = records.filter((other) => record!.base?.equals(other!.name));
    expect(
      decodeChain(
        HASH,
        [...chain, record].map((one) => one!),
      ).equals(contents[i]!),
    ).toBe(true);
  }
});
