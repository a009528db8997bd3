import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecodeError, FormatTooNewError } from "../errors.ts";
import { golden } from "../golden-bytes.ts";
import { hashOf } from "../hash.ts";
import { SEED } from "../seed.ts";
import { decodeMeta, metaId, metaName } from "./decode-meta.ts";
import { encodeMeta } from "./encode-meta.ts";
import { ENTRY_TYPES, type Meta } from "./meta.ts";

const b = (text: string) => Buffer.from(text);
const full: Meta = {
  name: golden("66 ff"),
  type: "character-device",
  mode: 0o4755,
  uid: 1000,
  gid: 100,
  mtime: 1_700_000_000_123_456_789n,
  size: 123_456,
  entries: 300,
  chunk: Buffer.alloc(20, 0xaa),
  list: Buffer.alloc(20, 0xbb),
  directory: Buffer.alloc(20, 0xcc),
  target: b("../x"),
  device: { major: 8, minor: 300 },
  link: b("a/b"),
  xattrs: [
    { name: b("user.a"), value: b("1") },
    { name: b("user.b"), value: b("") },
  ],
  user: "root",
  group: "é",
  source: "{}",
  unknown: [
    { tag: 19, value: b("new") },
    { tag: 255, value: b("") },
  ],
};
const fullBytes = `05 01
  01 02 66 ff  02 01 06  03 02 ed 13  04 02 e8 07  05 01 64  06 09 aa b4 ae d8 c7 bf ce 97 2f  07 03 c0 c4 07
  08 02 ac 02  09 14 ${"aa ".repeat(20)}  0a 14 ${"bb ".repeat(20)}  0b 14 ${"cc ".repeat(20)}
  0c 04 '../x'  0d 03 08 ac 02  0e 03 'a/b'  0f 12 02 06 'user.a' 01 '1' 06 'user.b' 00
  10 04 'root'  11 02 c3 a9  12 02 '{}'  13 03 'new'  ff 00`;

const some = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const anyMeta: fc.Arbitrary<Meta> = fc.record({
  name: some,
  type: fc.constantFrom(...ENTRY_TYPES),
  mode: fc.nat({ max: 0o7777 }),
  uid: fc.nat({ max: 2 ** 32 - 2 }),
  gid: fc.nat({ max: 2 ** 32 - 2 }),
  mtime: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  size: fc.maxSafeNat(),
  entries: maybe(fc.integer({ min: 1 })),
  chunk: maybe(some),
  list: maybe(some),
  directory: maybe(some),
  target: maybe(some),
  device: maybe(fc.record({ major: fc.nat(), minor: fc.nat() })),
  link: maybe(some),
  xattrs: maybe(
    fc.uniqueArray(fc.record({ name: some, value: some }), {
      minLength: 1,
      maxLength: 5,
      selector: ({ name }) => name.toString("hex"),
    }),
  ),
  user: maybe(fc.string({ unit: "grapheme" })),
  group: maybe(fc.string({ unit: "grapheme" })),
  source: maybe(fc.json()),
});

/** The meta as it comes back: without absent fields, xattrs in order. */
function expected(meta: Meta): Meta {
  const xattrs = meta.xattrs?.toSorted((x, y) => Buffer.compare(x.name, y.name));
  return Object.fromEntries(
    Object.entries({ ...meta, xattrs }).filter(([, value]) => value !== undefined),
  ) as unknown as Meta;
}

describe(`meta, DATADB_TEST_SEED=${SEED}`, () => {
  test("golden bytes with every field", () => {
    expect(encodeMeta(full)).toEqual(golden(fullBytes));
    expect(decodeMeta(golden(fullBytes))).toEqual(full);
  });

  test("golden bytes with every default", () => {
    const least: Meta = { name: b(""), type: "file", mode: 0, uid: 0, gid: 0, mtime: 0n, size: 0 };
    const bytes = golden("05 01 01 00 02 01 01");
    expect(encodeMeta({ ...least, entries: 0, xattrs: [], chunk: undefined })).toEqual(bytes);
    expect(decodeMeta(bytes)).toEqual(least);
  });

  test("the id is the hash of the canonical form, whoever asks", () => {
    for (const algorithm of ["sha256", "sha1"] as const) {
      expect(metaId(algorithm, full)).toEqual(hashOf(algorithm, golden(fullBytes)));
      expect(metaId(algorithm, golden(fullBytes))).toEqual(metaId(algorithm, full));
    }
  });

  test("every meta comes back, and equal metas have equal bytes", () => {
    fc.assert(
      fc.property(anyMeta, (meta) => {
        const encoded = encodeMeta(meta);
        expect(decodeMeta(encoded)).toEqual(expected(meta));
        expect(metaName(encoded)).toEqual(meta.name);
        expect(encodeMeta({ ...meta, xattrs: meta.xattrs?.toReversed() })).toEqual(encoded);
        expect(encodeMeta(decodeMeta(encoded))).toEqual(encoded);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test.each([
    ["no name", "05 01 02 01 01"],
    ["no type", "05 01 01 01 'a'"],
    ["tag 0", "05 01 01 01 'a' 02 01 01 00 00"],
    ["a tag twice", "05 01 01 01 'a' 02 01 01 04 01 05 04 01 06"],
    ["tags out of order", "05 01 01 01 'a' 02 01 01 05 01 05 04 01 06"],
    ["a default", "05 01 01 01 'a' 02 01 01 04 01 00"],
    ["a default time", "05 01 01 01 'a' 02 01 01 06 01 00"],
    ["a number longer than its field", "05 01 01 01 'a' 02 01 01 04 01 80 01"],
    ["a number shorter than its field", "05 01 01 01 'a' 02 01 01 04 02 05 05"],
    ["xattrs out of order", "05 01 01 01 'a' 02 01 01 0f 07 02 01 'b' 00 01 'a' 00"],
    ["no xattrs", "05 01 01 01 'a' 02 01 01 0f 01 00"],
    ["bytes after a device", "05 01 01 01 'a' 02 01 06 0d 03 01 01 01"],
    ["a cut field", "05 01 01 01 'a' 02 01 01 10 05 'ro'"],
  ])("not canonical: %s", (_, text) => {
    expect(() => decodeMeta(golden(text))).toThrow(DecodeError);
  });

  test("a new type of entry is a newer format", () => {
    expect(() => decodeMeta(golden("05 01 01 01 'a' 02 01 08"))).toThrow(FormatTooNewError);
  });

  test("unknown fields must be unknown and in order", () => {
    const value = b("");
    expect(() => encodeMeta({ ...full, unknown: [{ tag: 18, value }] })).toThrow(TypeError);
    expect(() =>
      encodeMeta({
        ...full,
        unknown: [
          { tag: 20, value },
          { tag: 19, value },
        ],
      }),
    ).toThrow(TypeError);
  });
});
