import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DatadbError } from "./datadb-error.ts";
import { decodePayload } from "./encoding.ts";
import { decodeLogRecord, encodeLogRecord } from "./log-record.ts";
import {
  decodeCheckpointLeaf,
  encodeCheckpointInner,
  encodeCheckpointLeaf,
} from "./nodes/checkpoint-node.ts";
import { decodeMeta, metaName } from "./nodes/decode-meta.ts";
import { decodeDirectoryLeaf, encodeDirectoryInner, encodeDirectoryLeaf } from "./nodes/directory-node.ts";
import { encodeMeta } from "./nodes/encode-meta.ts";
import { encodeListInner, encodeListLeaf } from "./nodes/list-node.ts";
import { references } from "./nodes/references.ts";
import { decodePackHeader, encodePackHeader } from "./pack-header.ts";
import { PackScanner } from "./pack-scan.ts";
import { decodeRecord, decodeRecordHead, encodeRecord } from "./record.ts";
import { SEED } from "./seed.ts";
import { compress } from "./zstd/zstd.ts";

const n = 20;
const name = Buffer.alloc(n, 0xaa);
const meta = encodeMeta({
  name: Buffer.from("a"),
  type: "file",
  mode: 0o644,
  uid: 1,
  gid: 2,
  mtime: 3n,
  size: 4,
  chunk: name,
  device: { major: 1, minor: 2 },
  xattrs: [{ name: Buffer.from("x"), value: Buffer.from("y") }],
  source: "{}",
});
const text = Buffer.alloc(3000, "compressible ");

/** Valid encodings to damage. */
const samples: Buffer[] = [
  meta,
  encodeListLeaf([
    { name, length: 9 },
    { name: null, length: 5 },
  ]),
  encodeListInner(1, [{ name, bytes: 5, entries: 1 }]),
  encodeDirectoryLeaf([meta, meta]),
  encodeDirectoryInner(1, [{ name, entries: 1, bytes: 2, firstName: Buffer.from("a") }]),
  encodeCheckpointLeaf([[Buffer.from("k"), Buffer.from("v")]]),
  encodeCheckpointInner(1, [{ name, entries: 1, firstKey: Buffer.from("k") }]),
  encodePackHeader({ kind: "data", hash: "sha1", flags: 0, storeId: Buffer.alloc(16), created: 5, epoch: 0 }),
  Buffer.concat(
    encodeRecord({ kind: "data", name, encoding: "zstd-delta", base: name, length: 3, payload: meta }),
  ),
  encodeLogRecord({
    sequence: 1,
    previous: name,
    time: 2,
    commits: [
      { txid: name, operations: [{ op: "hset", database: name, key: name, entries: [[name, name]] }] },
      { txid: name, operations: [{ op: "checkpoint", sequence: 7, root: name }] },
    ],
  }),
  compress(text, 1)!,
];

function decompressAll(bytes: Buffer): void {
  const record = { kind: "data", name, base: null, payload: bytes } as const;
  for (const length of [0, text.length, 16 * 1024 * 1024]) {
    expect(decodePayload({ ...record, encoding: "zstd", length }).length).toBe(length);
  }
}

const decoders: [string, (bytes: Buffer) => unknown][] = [
  ["references", (bytes) => references(bytes, n)],
  ["decodeMeta", decodeMeta],
  ["metaName", metaName],
  ["decodeDirectoryLeaf", decodeDirectoryLeaf],
  ["decodeCheckpointLeaf", decodeCheckpointLeaf],
  ["decodePackHeader", decodePackHeader],
  ["decodeRecord", (bytes) => decodeRecord(bytes, 0, n)],
  ["decodeRecordHead", (bytes) => decodeRecordHead(bytes, 0, n)],
  ["decodeLogRecord", (bytes) => decodeLogRecord(bytes, n)],
  ["decompress", decompressAll],
  [
    "PackScanner",
    (bytes) => {
      const scanner = new PackScanner({ n, kind: "data", start: 0 });
      return [...scanner.push(bytes), ...scanner.finish()];
    },
  ],
];

const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const change = fc.record({ at: fc.nat(), value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), cut: fc.boolean() });
const mutated = fc
  .tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([sample, changes]) => {
    let bytes = Buffer.from(sample);
    for (const { at, value, cut } of changes) {
      if (bytes.length === 0) break;
      bytes[at % bytes.length] = value;
      if (cut) bytes = bytes.subarray(0, at % bytes.length);
    }
    return bytes;
  });

describe(`decoders, DATADB_TEST_SEED=${SEED}`, () => {
  test.each(decoders)("%s: bytes of any kind give a value or an error of ours", (_, decode) => {
    const before = process.memoryUsage().arrayBuffers;
    fc.assert(
      fc.property(fc.oneof({ weight: 1, arbitrary: random }, { weight: 3, arbitrary: mutated }), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          if (!(error instanceof DatadbError)) throw error;
        }
      }),
      { seed: SEED, numRuns: 2000 },
    );
    // 2,000 inputs of at most a few hundred bytes: nothing believed a length of megabytes.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });
});
