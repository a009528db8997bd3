import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBlob } from "./encoding.ts";
import { FormatTooNewError } from "./errors.ts";
import { hashOf } from "./hash.ts";
import type { BlobRecord } from "./kinds.ts";
import { PackScanner, type ScanEvent, scanRecords } from "./pack-scan.ts";
import { decodeRecord, decodeRecordHead, encodeRecord } from "./record.ts";
import { SEED } from "./seed.ts";

const options = { n: 32, kind: "data", start: 0 } as const;

function record(content: Buffer): BlobRecord {
  return encodeBlob("data", hashOf("sha256", content), content);
}

function bytesOf(one: BlobRecord): Buffer {
  return Buffer.concat(encodeRecord(one));
}

/** Whether the record at `offset` says that it ends behind its end, where an intact one begins or the pack ends. */
function claimsOthers(pack: Buffer, offset: number, end: number): boolean {
  try {
    const claimed = offset + decodeRecordHead(pack, offset, options.n).size;
    if (claimed <= end || claimed === pack.length) return claimed > end;
    return decodeRecord(pack, claimed, options.n).record.kind === options.kind;
  } catch {
    return false;
  }
}

/** Scans bytes pushed in pieces of these sizes, over and over. */
function scan(bytes: Buffer, pieces: readonly number[] = [bytes.length || 1]): ScanEvent[] {
  const scanner = new PackScanner(options);
  const events: ScanEvent[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = pieces[turn % pieces.length]!;
    events.push(...scanner.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return [...events, ...scanner.finish()];
}

/** What a scan found, short: offsets of records, ranges of damage. */
function summary(events: readonly ScanEvent[]): (number | string)[] {
  return events.map((event) => {
    if (event.type === "record") return event.offset;
    return event.type === "damage" ? `${event.from}-${event.to}` : `${event.from}-`;
  });
}

const contents = fc.array(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  { minLength: 1, maxLength: 12 },
);
const pieces = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 });

describe(`pack scan, DATADB_TEST_SEED=${SEED}`, () => {
  test("finds every record, however the bytes come", () => {
    fc.assert(
      fc.property(contents, pieces, (all, sizes) => {
        const records = all.map(record);
        const events = scan(Buffer.concat(records.map(bytesOf)), sizes);
        let offset = 0;
        const expected = records.map((one) => {
          const size = bytesOf(one).length;
          offset += size;
          return { offset: offset - size, size, name: one.name, payloadLength: one.payload.length };
        });
        expect(
          events.map((event) => {
            if (event.type !== "record") return event;
            const { offset: at, size, head } = event;
            return { offset: at, size, name: head.name, payloadLength: head.payloadLength };
          }),
        ).toEqual(expected);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test("any damage costs only the records it touches, however the bytes come", () => {
    fc.assert(
      fc.property(contents, pieces, fc.nat(), fc.integer({ min: 1, max: 255 }), (all, sizes, at, xor) => {
        const parts = all.map((content) => bytesOf(record(content)));
        const pack = Buffer.concat(parts);
        const place = at % pack.length;
        pack[place]! ^= xor;
        const expected: (number | string)[] = [];
        let offset = 0;
        for (const [index, part] of parts.entries()) {
          const end = offset + part.length;
          // A length that is damaged so that the record ends where another begins or the pack ends is believed: what is skipped may be its content.
          fc.pre(place < offset || place >= end || !claimsOthers(pack, offset, end));
          if (place < offset || place >= end) expected.push(offset);
          else expected.push(index === parts.length - 1 ? `${offset}-` : `${offset}-${end}`);
          offset = end;
        }
        expect(summary(scan(pack, sizes))).toEqual(expected);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test("a cut anywhere is torn from the last whole record on", () => {
    const first = bytesOf(record(Buffer.from("first")));
    const pack = Buffer.concat([first, bytesOf(record(Buffer.from("second")))]);
    for (let length = 0; length < pack.length; length++) {
      const torn = length < first.length ? ["0-"] : [0, `${first.length}-`];
      const whole = length === 0 ? [] : [0];
      const expected = length === 0 || length === first.length ? whole : torn;
      expect(summary(scan(pack.subarray(0, length), [50]))).toEqual(expected);
    }
  });

  test("a record that claims too much hides nothing behind it", () => {
    const first = bytesOf(record(Buffer.alloc(100, "a")));
    const second = bytesOf(record(Buffer.from("second")));
    first.writeUInt32LE(1_000_000, 12);
    expect(summary(scan(Buffer.concat([first, second]), [10]))).toEqual([`0-${first.length}`, first.length]);
  });

  test("zeros after the last record are torn, zeros between records are damage", () => {
    const one = bytesOf(record(Buffer.from("one")));
    const zeros = Buffer.alloc(5000);
    expect(summary(scan(Buffer.concat([one, zeros]), [999]))).toEqual([0, `${one.length}-`]);
    const between = Buffer.concat([one, zeros, one]);
    const end = one.length + 5000;
    expect(summary(scan(between, [999]))).toEqual([0, `${one.length}-${end}`, end]);
  });

  test("a record is found wherever the magic is cut in two", () => {
    const one = bytesOf(record(Buffer.from("one")));
    const pack = Buffer.concat([Buffer.alloc(100, "d"), one]);
    for (let first = 95; first < 110; first++) {
      expect(summary(scan(pack, [first, 1, pack.length]))).toEqual(["0-100", 100]);
    }
  });

  test("the magic inside a payload and records of another kind are not taken for records", () => {
    const magics = record(Buffer.from("dRec dRecdRec dRe"));
    const node = { ...record(Buffer.from("node")), kind: "node" as const };
    const bytes = [bytesOf(magics), bytesOf(node), bytesOf(magics)];
    const [a, b] = [bytes[0]!.length, bytes[1]!.length];
    expect(summary(scan(Buffer.concat(bytes), [7]))).toEqual([0, `${a}-${a + b}`, a + b]);
  });

  test("a record of a newer format is not called damage", () => {
    const bytes = bytesOf(record(Buffer.from("one")));
    bytes[5] = 7;
    bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
    expect(() => scan(bytes)).toThrow(FormatTooNewError);
  });

  test("offsets begin after the header, and heads outlive the buffers", async () => {
    const one = record(Buffer.from("one"));
    const bytes = bytesOf(one);
    const events: ScanEvent[] = [];
    for await (const event of scanRecords([bytes], { n: 32, kind: "data" })) events.push(event);
    bytes.fill(0);
    expect(events).toMatchObject([{ type: "record", offset: 64, head: { name: one.name } }]);
  });
});
