import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecodeError, FormatTooNewError } from "./errors.ts";
import { golden } from "./golden-bytes.ts";
import { decodeLogRecord, encodeLogRecord, type LogRecord } from "./log-record.ts";
import type { Operation } from "./operation.ts";
import { SEED } from "./seed.ts";

const b = (text: string) => Buffer.from(text);
const key = { database: b("d"), key: b("k") };

/** Every operation with its bytes, as docs/formats.md has them. */
const operations: [Operation, string][] = [
  [{ op: "set", ...key, value: b("v") }, "01 03 01 'd' 01 'k' 01 'v'"],
  [{ op: "del", ...key }, "02 02 01 'd' 01 'k'"],
  [{ op: "hset", ...key, entries: [[b("f"), b("")]] }, "03 04 01 'd' 01 'k' 01 'f' 00"],
  [{ op: "hdel", ...key, fields: [b("f"), b("g")] }, "04 04 01 'd' 01 'k' 01 'f' 01 'g'"],
  [{ op: "sadd", ...key, members: [b("m")] }, "05 03 01 'd' 01 'k' 01 'm'"],
  [{ op: "srem", ...key, members: [b("m")] }, "06 03 01 'd' 01 'k' 01 'm'"],
  [
    { op: "ladd", ...key, entries: [[0x0102030405060708n, b("v")]] },
    "07 04 01 'd' 01 'k' 08 01 02 03 04 05 06 07 08 01 'v'",
  ],
  [{ op: "ldel", ...key, indexes: [2n ** 64n - 1n] }, "08 03 01 'd' 01 'k' 08 ff ff ff ff ff ff ff ff"],
  [
    {
      op: "backup",
      host: b("h"),
      path: golden("2f ff"),
      timestamp: "2026-11-21T09:12:11.042Z",
      ref: Buffer.alloc(20, 0x33),
      fields: [[b("name"), b("x")]],
    },
    `10 06 01 'h' 02 2f ff 18 '2026-11-21T09:12:11.042Z' 14 ${"33 ".repeat(20)} 04 'name' 01 'x'`,
  ],
  [{ op: "forget", backup: b("id") }, "11 01 02 'id'"],
  [{ op: "pin", backup: b("id") }, "12 01 02 'id'"],
  [{ op: "unpin", backup: b("id") }, "13 01 02 'id'"],
  [{ op: "mark", backup: b("id"), lost: b('["a"]') }, `15 02 02 'id' 05 '["a"]'`],
  [{ op: "tag", backup: b("id"), tags: b('["a"]') }, `14 02 02 'id' 05 '["a"]'`],
  [{ op: "checkpoint", sequence: 300, root: b("root") }, "20 02 02 ac 02 04 'root'"],
  [{ op: "checkpoint", sequence: 300, root: null }, "20 02 02 ac 02 00"],
];

describe.each([20, 32])(`log record with names of %i bytes, DATADB_TEST_SEED=${SEED}`, (n) => {
  const previous = Buffer.alloc(n, 0x77);
  const previousBytes = "77 ".repeat(n);

  test.each(operations)("golden bytes: $op", (operation, text) => {
    const record: LogRecord = {
      sequence: 300,
      previous,
      time: 1_700_000_000_000,
      commits: [{ txid: b("tx"), operations: [operation] }],
    };
    const bytes = golden(`'dLog' 01 ac 02 ${previousBytes} 80 d0 95 ff bc 31 01 02 'tx' 01 ${text}`);
    expect(encodeLogRecord(record)).toEqual(bytes);
    expect(decodeLogRecord(bytes, n)).toEqual(record);
  });

  test("several commits come back", () => {
    const operation = fc.constantFrom(...operations.map(([one]) => one));
    const commit = fc.record({
      txid: fc.constantFrom(Buffer.alloc(0), b("0123456789abcdef")),
      operations: fc.array(operation),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.array(commit), (sequence, commits) => {
        const record = { sequence, previous, time: 1, commits };
        expect(decodeLogRecord(encodeLogRecord(record), n)).toEqual(record);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  test("bytes that are left over, missing or of another length do not parse", () => {
    const head = `'dLog' 01 01 ${previousBytes} 01`;
    for (const rest of [
      "00 00",
      "01",
      "01 00 01 01 02 01 'd' 01 'k'",
      "01 00 01 02 03 01 'd' 01 'k' 00",
      "01 00 01 07 04 01 'd' 01 'k' 01 'x' 00",
      "01 00 01 03 03 01 'd' 01 'k' 01 'f'",
      "ff ff ff ff 07",
    ]) {
      expect(() => decodeLogRecord(golden(`${head} ${rest}`), n)).toThrow(DecodeError);
    }
  });

  test("a newer version and a new operation are a newer format", () => {
    expect(() => decodeLogRecord(golden("'dLog' 02"), n)).toThrow(FormatTooNewError);
    expect(() => decodeLogRecord(golden(`'dLog' 01 01 ${previousBytes} 01 01 00 01 63 00`), n)).toThrow(
      FormatTooNewError,
    );
  });
});
