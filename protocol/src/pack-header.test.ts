import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DecodeError, FormatTooNewError } from "./errors.ts";
import { golden } from "./golden-bytes.ts";
import { decodePackHeader, encodePackHeader, type PackHeader } from "./pack-header.ts";

const storeId = golden("00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f");
const cases: [PackHeader, string][] = [
  [
    { kind: "node", hash: "sha1", flags: 1, storeId, created: 1_700_000_000_000, epoch: 7 },
    `'DATADBPK' 01 00 02 02 01 00 00 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
     00 68 e5 cf 8b 01 00 00 07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 98 43 7a 3c`,
  ],
  [
    { kind: "data", hash: "sha256", flags: 0, storeId, created: 1_700_000_000_000, epoch: 0 },
    `'DATADBPK' 01 00 01 01 00 00 00 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
     00 68 e5 cf 8b 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 f1 52 34 fd`,
  ],
];

describe("pack header", () => {
  test.each(cases)("golden bytes %#", (header, text) => {
    expect(encodePackHeader(header)).toEqual(golden(text));
    expect(decodePackHeader(golden(text))).toEqual(header);
  });

  test("a newer version is newer, not damaged", () => {
    const newer = golden(cases[0]![1]);
    newer[8] = 2;
    newer.writeUInt32LE(crc32(newer.subarray(0, 60)), 60);
    expect(() => decodePackHeader(newer)).toThrow(FormatTooNewError);
  });

  test("every flipped byte is noticed", () => {
    for (let at = 0; at < 64; at++) {
      const bad = golden(cases[0]![1]);
      bad[at]! ^= 0x10;
      expect(() => decodePackHeader(bad)).toThrow(DecodeError);
    }
    expect(() => decodePackHeader(golden("'DATADBPK'"))).toThrow(DecodeError);
  });
});
