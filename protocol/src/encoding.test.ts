import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBlob, decodePayload, encodeBlob } from "./encoding.ts";
import { DecodeError, HashMismatchError } from "./errors.ts";
import { golden } from "./golden-bytes.ts";
import { type HashAlgorithm, hashOf } from "./hash.ts";
import type { BlobRecord } from "./kinds.ts";
import { SEED } from "./seed.ts";

const text = Buffer.from("one row after another, all of them much alike; ".repeat(2000));
const nameOf = (content: Buffer) => hashOf("sha256", content);
const blob = (content: Buffer) => ({ name: nameOf(content), content });
const encode = (content: Buffer, base?: Buffer): BlobRecord =>
  encodeBlob("data", nameOf(content), content, base ? { base: blob(base) } : {});

/** Content between all zeros and noise. */
const anyContent = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.integer({ min: 1, max: 60 }))
  .map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes)));

describe(`encoding, DATADB_TEST_SEED=${SEED}`, () => {
  test.each<HashAlgorithm>(["sha256", "sha1"])("everything comes back: %s", (algorithm) => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const record = encodeBlob("node", hashOf(algorithm, content), content);
        expect(record.payload.length).toBeLessThanOrEqual(content.length);
        expect(decodeBlob(algorithm, record)).toEqual(content);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test("every length around the limits of zstd's blocks comes back", () => {
    for (const length of [
      0, 1, 127, 128, 129, 255, 256, 257, 65_791, 65_792, 131_071, 131_072, 131_073, 600_000,
    ]) {
      const content = text.length >= length ? text.subarray(0, length) : Buffer.alloc(length, text);
      expect(decodeBlob("sha256", encode(content)).equals(content)).toBe(true);
    }
  });

  test("repetitive content is compressed, noise and tiny content are not", () => {
    expect(encode(text)).toMatchObject({ encoding: "zstd", base: null, length: text.length });
    expect(encode(text).payload.length).toBeLessThan(text.length / 50);
    const noise = randomBytes(10_000);
    expect(encode(noise)).toMatchObject({ encoding: "raw", base: null, payload: noise });
    expect(encode(Buffer.alloc(127))).toMatchObject({ encoding: "raw" });
    expect(encode(Buffer.alloc(128))).toMatchObject({ encoding: "zstd" });
  });

  test("the bytes of a shared slab can be encoded", () => {
    const slab = Buffer.from(new SharedArrayBuffer(text.length + 5)).subarray(5);
    text.copy(slab);
    const record = encode(slab);
    slab.fill(0);
    expect(decodeBlob("sha256", record).equals(text)).toBe(true);
  });

  test("another level is another size and the same content", () => {
    const rows = Buffer.from(
      Array.from({ length: 5000 }, (_, i) => `${i}\t${(i * 7919) % 1000}\tname ${i % 97}\n`).join(""),
    );
    const [fast, thorough] = [1, 15].map((level) => encodeBlob("data", nameOf(rows), rows, { level }));
    expect(thorough!.payload.length).toBeLessThan(fast!.payload.length);
    expect(decodeBlob("sha256", thorough!).equals(rows)).toBe(true);
  });
});

describe(`deltas, DATADB_TEST_SEED=${SEED}`, () => {
  /** Noise, so that only the base can make it small. */
  const base = randomBytes(300_000);
  const changed = Buffer.concat([
    base.subarray(0, 100_000),
    Buffer.from("an insertion"),
    base.subarray(100_000),
  ]);

  test("a changed blob costs about the change, wherever the base has the rest", () => {
    const record = encode(changed, base);
    expect(record).toMatchObject({ encoding: "zstd-delta", base: nameOf(base), length: changed.length });
    expect(record.payload.length).toBeLessThan(200);
    expect(decodeBlob("sha256", record, base).equals(changed)).toBe(true);
  });

  test("the largest blobs reach the far end of their base", () => {
    const large = randomBytes(4 * 1024 * 1024);
    const edited = Buffer.concat([large.subarray(0, 10), Buffer.from("x"), large.subarray(10)]);
    const record = encode(edited, large);
    expect(record.payload.length).toBeLessThan(2000);
    expect(decodeBlob("sha256", record, large).equals(edited)).toBe(true);
  });

  test("edits of any content come back", () => {
    const edit = fc.record({ at: fc.nat(), cut: fc.nat({ max: 50 }), put: fc.uint8Array({ maxLength: 50 }) });
    fc.assert(
      fc.property(anyContent, fc.array(edit, { maxLength: 5 }), (from, edits) => {
        let content = from;
        for (const { at, cut, put } of edits) {
          const place = at % (content.length + 1);
          content = Buffer.concat([content.subarray(0, place), put, content.subarray(place + cut)]);
        }
        expect(decodeBlob("sha256", encode(content, from), from)).toEqual(content);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  test("a base is not used when it does not help, looks like a trained dictionary, is empty or the blob itself", () => {
    expect(encode(text, Buffer.from(text.map((byte) => byte ^ 1)))).toMatchObject({
      encoding: "zstd",
      base: null,
    });
    const dictionary = Buffer.concat([golden("37 a4 30 ec"), changed]);
    expect(encode(changed, dictionary)).toMatchObject({ encoding: "raw", base: null });
    expect(encode(changed, Buffer.alloc(0))).toMatchObject({ encoding: "raw" });
    expect(encode(changed, changed)).toMatchObject({ encoding: "raw" });
  });

  test("a wrong base is noticed, a missing one is the caller's mistake", () => {
    const record = encode(changed, base);
    const wrong = Buffer.from(base);
    wrong[5]! ^= 1;
    expect(() => decodeBlob("sha256", record, wrong)).toThrow(HashMismatchError);
    expect(() => decodeBlob("sha256", record, wrong)).toThrow(nameOf(changed).toString("hex"));
    expect(() => decodeBlob("sha256", record, randomBytes(1000))).toThrow(/DECODE|hash|decompress/);
    expect(() => decodeBlob("sha256", record)).toThrow(TypeError);
    expect(() => decodeBlob("sha256", record, golden("37 a4 30 ec 00 00 00 00 00"))).toThrow(DecodeError);
  });
});

describe(`damaged payloads, DATADB_TEST_SEED=${SEED}`, () => {
  const record = encode(text);

  test("content of another length or name is refused", () => {
    expect(() => decodeBlob("sha256", { ...record, length: record.length + 1 })).toThrow(DecodeError);
    expect(() => decodeBlob("sha256", { ...record, name: nameOf(Buffer.from("x")) })).toThrow(
      HashMismatchError,
    );
    expect(() => decodePayload({ ...encode(Buffer.from("abc")), length: 4 })).toThrow(
      "has 3 bytes and should have 4",
    );
  });

  test("a bomb is refused without memory for it", () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024), { pledgedSrcSize: 64 * 1024 * 1024 });
    const small = { ...record, payload: bomb, length: 1000 };
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodePayload(small)).toThrow(DecodeError);
    expect(() => decodePayload({ ...small, encoding: "zstd-delta" }, text)).toThrow(DecodeError);
    // The frame's own claim, made to agree with a small record, must not be believed either.
    bomb.writeUInt32LE(1000, 6);
    expect(() => decodePayload(small)).toThrow(DecodeError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  test("a claim of much content in few bytes is refused before memory is spent", () => {
    const empty = golden("28 b5 2f fd a0 00 00 00 01 01 00 00");
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodePayload({ ...record, payload: empty, length: 16 * 1024 * 1024 })).toThrow(DecodeError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  test("any damage is an error of ours, and the next blob is decoded as ever", () => {
    const damage = fc.record({
      at: fc.nat(),
      xor: fc.integer({ min: 1, max: 255 }),
      cut: fc.nat({ max: 3 }),
    });
    fc.assert(
      fc.property(damage, ({ at, xor, cut }) => {
        const payload = Buffer.from(record.payload.subarray(0, record.payload.length - cut));
        payload[at % payload.length]! ^= xor;
        let content: Buffer | undefined;
        try {
          content = decodeBlob("sha256", { ...record, payload });
        } catch (error) {
          expect(error instanceof DecodeError || error instanceof HashMismatchError).toBe(true);
        }
        // A flipped bit that means nothing to zstd is no damage.
        if (content) expect(content.equals(text)).toBe(true);
        expect(decodeBlob("sha256", record).equals(text)).toBe(true);
        expect(decodeBlob("sha256", encode(text)).equals(text)).toBe(true);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
