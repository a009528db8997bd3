import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { DecodeError } from "./errors.ts";
import { golden } from "./golden-bytes.ts";
import { SEED } from "./seed.ts";

const runs = { seed: SEED, numRuns: 2000 };
const writer = new ByteWriter(1);

function written(write: (to: ByteWriter) => void): Buffer {
  write(writer);
  return writer.finish();
}

describe(`primitives, DATADB_TEST_SEED=${SEED}`, () => {
  test("golden bytes", () => {
    expect(written((w) => w.u16(0x1234))).toEqual(golden("34 12"));
    expect(written((w) => w.u32(0x12345678))).toEqual(golden("78 56 34 12"));
    expect(written((w) => w.u64(0x0102030405060708n))).toEqual(golden("08 07 06 05 04 03 02 01"));
    expect(written((w) => w.varint(127))).toEqual(golden("7f"));
    expect(written((w) => w.varint(300))).toEqual(golden("ac 02"));
    expect(written((w) => w.varint(Number.MAX_SAFE_INTEGER))).toEqual(golden("ff ff ff ff ff ff ff 0f"));
    expect(written((w) => w.varint(2n ** 64n - 1n))).toEqual(golden("ff ff ff ff ff ff ff ff ff 01"));
    expect(written((w) => w.zigzag(-1n))).toEqual(golden("01"));
    expect(written((w) => w.zigzag(1_700_000_000_123_456_789n))).toEqual(
      golden("aa b4 ae d8 c7 bf ce 97 2f"),
    );
    expect(written((w) => w.zigzag(-(2n ** 63n)))).toEqual(golden("ff ff ff ff ff ff ff ff ff 01"));
    expect(written((w) => w.bytes("é"))).toEqual(golden("02 c3 a9"));
    expect(written((w) => w.varintBytes(300))).toEqual(golden("02 ac 02"));
    expect(written((w) => w.zigzagBytes(-1n))).toEqual(golden("01 01"));
  });

  test("numbers come back", () => {
    const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat({ max: 300 }).map(BigInt));
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(uint64, int64, fc.maxSafeNat(), (big, signed, number) => {
        const buffer = written((w) => {
          w.varint(big);
          w.zigzag(signed);
          w.varint(number);
          w.u64(big);
        });
        const reader = new ByteReader(buffer);
        expect([reader.varintBig(), reader.zigzag(), reader.varint(), reader.u64()]).toEqual([
          big,
          signed,
          number,
          big,
        ]);
        expect(reader.done).toBe(true);
      }),
      runs,
    );
  });

  test("a number and the same bigint are the same bytes", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (n) => {
        expect(written((w) => w.varint(n))).toEqual(written((w) => w.varint(BigInt(n))));
      }),
      runs,
    );
  });

  test("bytes and strings come back as views", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.string({ unit: "binary" }), (bytes, text) => {
        const buffer = written((w) => {
          w.bytes(bytes);
          w.bytes(text);
        });
        const reader = new ByteReader(buffer);
        const view = reader.bytes();
        expect(view).toEqual(Buffer.from(bytes));
        expect(view.buffer).toBe(buffer.buffer);
        expect(reader.bytes()).toEqual(Buffer.from(text));
      }),
      runs,
    );
  });

  test("numbers out of range are refused", () => {
    for (const wrong of [-1, 0.5, 2 ** 53, Number.NaN, Infinity, -1n, 2n ** 64n]) {
      expect(() => writer.varint(wrong)).toThrow(RangeError);
    }
    expect(() => writer.zigzag(2n ** 63n)).toThrow(RangeError);
    expect(() => writer.u32(-1)).toThrow(RangeError);
    writer.reset();
  });

  test.each(["80", "80 00", "ff ff ff ff ff ff ff ff ff 02", "80 80 80 80 80 80 80 80 80 80 01", ""])(
    "malformed varint '%s' does not parse",
    (text) => {
      expect(() => new ByteReader(golden(text)).varintBig()).toThrow(DecodeError);
      expect(() => new ByteReader(golden(text)).varint()).toThrow(DecodeError);
    },
  );

  test("a varint above 2^53-1 is no number, and nothing is read beyond the end", () => {
    expect(() => new ByteReader(golden("80 80 80 80 80 80 80 10")).varint()).toThrow("too large");
    expect(() => new ByteReader(golden("05 01 02")).bytes()).toThrow("5 bytes expected at offset 1, 2 left");
    expect(() => new ByteReader(golden("01 02 03"), 0, 2).raw(3)).toThrow(DecodeError);
    expect(() => new ByteReader(golden("01 02 03"), 0, 2).u32()).toThrow(DecodeError);
    expect(() => new ByteReader(golden("01")).raw(-1)).toThrow(DecodeError);
  });

  test("a finished writer is empty, and what it gave is not written again", () => {
    writer.u8(1);
    const first = writer.finish();
    writer.u8(2);
    expect([first, writer.finish(), writer.length]).toEqual([golden("01"), golden("02"), 0]);
  });
});
