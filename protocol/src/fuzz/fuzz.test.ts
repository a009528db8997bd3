/** Every decoder of the formats, fed with damaged input. */
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DatadbError } from "../datadb-error.ts";
import { decodePayload } from "../encoding.ts";
import { decodeLogRecord, encodeLogRecord } from "../log-record.ts";
import {
  decodeCheckpointInner,
  decodeCheckpointLeaf,
  encodeCheckpointInner,
  encodeCheckpointLeaf,
} from "../nodes/checkpoint-node.ts";
import { decodeMeta, metaName } from "../nodes/decode-meta.ts";
import {
  decodeDirectoryInner,
  decodeDirectoryLeaf,
  encodeDirectoryInner,
  encodeDirectoryLeaf,
} from "../nodes/directory-node.ts";
import { encodeMeta } from "../nodes/encode-meta.ts";
import { decodeListInner, decodeListLeaf, encodeListInner, encodeListLeaf } from "../nodes/list-node.ts";
import { references } from "../nodes/references.ts";
import { decodePackHeader, encodePackHeader } from "../pack-header.ts";
import { PackScanner } from "../pack-scan.ts";
import { decodeRecord, decodeRecordHead, encodeRecord } from "../record.ts";
import { SEED } from "../seed.ts";
import { parseTimestamp } from "../timestamp.ts";
import { compress } from "../zstd/zstd.ts";
import { FUZZ_INPUTS, fuzzDecoder } from "./fuzz-decoder.ts";

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
  for (const length of [text.length, 16 * 1024 * 1024]) {
    if (decodePayload({ ...record, encoding: "zstd", length }).length !== length)
      throw new TypeError("a record has another length than it says");
  }
}

/** A right checksum leads a decoder deeper into what is wrong. */
function withChecksum(bytes: Buffer, at: number): Buffer {
  if (at < 0 || at + 4 > bytes.length) return bytes;
  const sealed = Buffer.from(bytes);
  sealed.writeUInt32LE(crc32(sealed.subarray(0, at)), at);
  return sealed;
}

/** Where a record that begins like this says that its checksum is. */
function checksumAt(bytes: Buffer): number {
  return bytes.length < 16 ? -1 : 16 + n + bytes[7]! + bytes.readUInt32LE(12);
}

const decoders: [string, (bytes: Buffer) => unknown][] = [
  ["readTimestamp", (bytes) => parseTimestamp(bytes.toString("latin1"))],
  ["list nodes", (bytes) => [decodeListLeaf(bytes, n), decodeListInner(bytes, n)]],
  ["directory inner nodes", (bytes) => decodeDirectoryInner(bytes, n)],
  ["checkpoint inner nodes", (bytes) => decodeCheckpointInner(bytes, n)],
  ["references", (bytes) => references(bytes, n)],
  ["decodeMeta", decodeMeta],
  ["metaName", metaName],
  ["decodeDirectoryLeaf", decodeDirectoryLeaf],
  ["decodeCheckpointLeaf", decodeCheckpointLeaf],
  ["decodePackHeader", decodePackHeader],
  ["decodeRecord", (bytes) => decodeRecord(bytes, 0, n)],
  ["decodeRecord, checksum right", (bytes) => decodeRecord(withChecksum(bytes, checksumAt(bytes)), 0, n)],
  ["decodePackHeader, checksum right", (bytes) => decodePackHeader(withChecksum(bytes, 60))],
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

/** Samples that the decoder takes: it is fed with what is nearly one of them, or nearly another's. */
function accepted(decode: (bytes: Buffer) => unknown): Buffer[] {
  const taken = samples.filter((bytes) => {
    try {
      decode(Buffer.from(bytes));
      return true;
    } catch {
      return false;
    }
  });
  return taken.length > 0 ? taken : samples;
}

describe(`decoders, DATADB_TEST_SEED=${SEED}`, () => {
  test.each(decoders)("%s: bytes of any kind give a value or an error of ours", (name, decode) => {
    const declares = (error: unknown): boolean => error instanceof DatadbError;
    const guarded = (bytes: Buffer): unknown => {
      try {
        return decode(bytes);
      } catch (error) {
        if (declares(error)) return undefined;
        throw error;
      }
    };
    const { inputs, slowestMs } = fuzzDecoder({ name, seeds: accepted(decode), decode: guarded, declares });
    console.info(`${name}: ${inputs} inputs, the slowest took ${slowestMs.toFixed(1)} ms`);
    expect(inputs).toBe(FUZZ_INPUTS);
  });
});
