import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DecodeError, FormatTooNewError } from "./errors.ts";
import { golden } from "./golden-bytes.ts";
import type { BlobRecord } from "./kinds.ts";
import { decodeRecord, decodeRecordHead, encodeRecord, encodeRecordInto, recordSize } from "./record.ts";

const delta: BlobRecord = {
  kind: "data",
  name: Buffer.alloc(20, 0x11),
  encoding: "zstd-delta",
  base: Buffer.alloc(20, 0x22),
  length: 5,
  payload: Buffer.from("abc"),
};
const log: BlobRecord = {
  kind: "log",
  name: Buffer.alloc(32, 0x11),
  encoding: "raw",
  base: null,
  length: 3,
  payload: Buffer.from("abc"),
};
const eleven = (n: number) => "11 ".repeat(n);
const deltaBytes = `'dRec' 01 02 00 14 05 00 00 00 03 00 00 00 ${eleven(20)} ${"22 ".repeat(20)} 'abc' ce 16 01 e6`;
const logBytes = `'dRec' 03 00 00 00 03 00 00 00 03 00 00 00 ${eleven(32)} 'abc' 7b 80 38 c0`;
const cases: [string, BlobRecord, string, number][] = [
  ["delta, sha1", delta, deltaBytes, 20],
  ["log, sha256", log, logBytes, 32],
];

/** Replaces the checksum by the right one. */
function resealed(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

describe("record", () => {
  test.each(cases)("golden bytes: %s", (_, record, text, n) => {
    const bytes = golden(text);
    expect(Buffer.concat(encodeRecord(record))).toEqual(bytes);
    expect(recordSize(record, n)).toBe(bytes.length);
    expect(recordSize({ base: record.base, payloadLength: 3 }, n)).toBe(bytes.length);
    expect(decodeRecord(bytes, 0, n)).toEqual({ record, size: bytes.length });
    const room = Buffer.alloc(bytes.length + 10, 0xff);
    expect(encodeRecordInto(record, room, 7)).toBe(7 + bytes.length);
    expect(room.subarray(7, -3)).toEqual(bytes);
    expect(room[6]).toBe(0xff);
    expect(decodeRecord(room, 7, n).record).toEqual(record);
  });

  test.each(cases)("the head is enough to skip the payload: %s", (_, record, text, n) => {
    const bytes = golden(text);
    const head = decodeRecordHead(bytes.subarray(0, bytes.length - 7), 0, n);
    expect(head).toMatchObject({
      kind: record.kind,
      name: record.name,
      base: record.base,
      size: bytes.length,
    });
    expect(head.headSize + head.payloadLength + 4).toBe(head.size);
  });

  test.each(cases)("every flipped bit and every cut is noticed: %s", (_, _record, text, n) => {
    const bytes = golden(text);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const bad = Buffer.from(bytes);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decodeRecord(bad, 0, n)).toThrow(DecodeError);
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeRecord(bytes.subarray(0, length), 0, n)).toThrow(DecodeError);
    }
  });

  test.each([4, 5, 6])("an unknown value at offset %i under a right checksum is a newer format", (at) => {
    const bytes = golden(logBytes);
    bytes[at] = 9;
    expect(() => decodeRecord(bytes, 0, 32)).toThrow(DecodeError);
    expect(() => decodeRecord(resealed(bytes), 0, 32)).toThrow(FormatTooNewError);
  });

  test("lengths beyond every limit are refused by the head", () => {
    const bytes = golden(deltaBytes);
    bytes.writeUInt32LE(16 * 1024 * 1024 + 1, 8);
    expect(() => decodeRecordHead(bytes, 0, 20)).toThrow("more than any has");
    bytes.writeUInt32LE(5, 8);
    bytes.writeUInt32LE(0xffffffff, 12);
    expect(() => decodeRecordHead(bytes, 0, 20)).toThrow("more than any has");
  });
});
