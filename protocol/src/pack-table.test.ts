import { expect, test } from "vitest";
import { hashOf } from "./hash.ts";
import { PACK_HEADER_BYTES } from "./pack-header.ts";
import { decodePackTable, encodePackTable, packTableBytes, type TableRecord } from "./pack-table.ts";
import { recordSize } from "./record.ts";

const storeId = Buffer.alloc(16, 7);

function recordsOf(hash: "sha256" | "sha1"): TableRecord[] {
  const name = (text: string) => hashOf(hash, Buffer.from(text));
  return [
    { name: name("a"), encoding: "raw", base: null, length: 0, payloadLength: 0 },
    { name: name("b"), encoding: "zstd", base: null, length: 300_000, payloadLength: 70_000 },
    { name: name("c"), encoding: "zstd-delta", base: name("b"), length: 300_001, payloadLength: 130 },
  ];
}

test.each(["sha256", "sha1"] as const)(
  "a table of %s names comes back, with the places of its records",
  (hash) => {
    const records = recordsOf(hash);
    const bytes = encodePackTable({ kind: "data", hash, storeId }, records);
    const tail = Buffer.concat([Buffer.alloc(100, 1), bytes]);
    expect(packTableBytes(tail)).toBe(bytes.length);
    const table = decodePackTable(tail);
    let offset = PACK_HEADER_BYTES;
    const expected = records.map((record) => {
      const placed = { ...record, offset };
      offset += recordSize(record, record.name.length);
      return placed;
    });
    expect(table).toEqual({ kind: "data", hash, storeId, records: expected, end: offset });
  },
);

test("its bytes are permanent", () => {
  const [first] = recordsOf("sha1");
  const bytes = encodePackTable({ kind: "log", hash: "sha1", storeId }, [first!]);
  expect(bytes.toString("hex")).toBe(
    "645461620103020007070707070707070707070707070707" +
      "010086f7e437faa5a7fce15d1ddcb9eaeaea377667b80000" +
      "30000000" +
      bytes.subarray(-12, -8).toString("hex") +
      "4441544144425442",
  );
});

test("no byte of it can change unnoticed, and nothing can be cut off", () => {
  const bytes = encodePackTable({ kind: "node", hash: "sha256", storeId }, recordsOf("sha256"));
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 1;
    expect(() => decodePackTable(changed)).toThrow();
    expect(() => decodePackTable(bytes.subarray(0, at))).toThrow();
  }
  expect(() => decodePackTable(bytes.subarray(1))).toThrow(/cut short/);
});

test("a later version is newer, not damaged", async () => {
  const { crc32 } = await import("node:zlib");
  const bytes = encodePackTable({ kind: "node", hash: "sha256", storeId }, []);
  bytes[4] = 2;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -16)), bytes.length - 12);
  expect(() => decodePackTable(bytes)).toThrow(expect.objectContaining({ code: "FORMAT_TOO_NEW" }));
});
