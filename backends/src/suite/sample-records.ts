/** Records for tests: opaque to a backend, so their payloads need not decode. */
import {
  type BlobRecord,
  type Encoding,
  type HashAlgorithm,
  hashOf,
  RECORD_KINDS,
  type RecordKind,
} from "@datadb/protocol";
import type { Random } from "./seeded-random.ts";

/** What a test wants to fix; the rest is random. */
export interface RecordWishes {
  kind?: RecordKind;
  encoding?: Encoding;
  payloadLength?: number;
}

/** One record with a new name. */
export function sampleRecord(random: Random, hash: HashAlgorithm, wishes: RecordWishes = {}): BlobRecord {
  const kind = wishes.kind ?? random.pick(RECORD_KINDS);
  const encoding = wishes.encoding ?? random.pick<Encoding>(["raw", "zstd", "zstd-delta"]);
  const payload = random.bytes(wishes.payloadLength ?? random.integer(600));
  const name = hashOf(hash, random.bytes(16));
  const base = encoding === "zstd-delta" ? hashOf(hash, random.bytes(16)) : null;
  return {
    kind,
    name,
    encoding,
    base,
    length: encoding === "raw" ? payload.length : payload.length * 2 + 1,
    payload,
  };
}

/** `count` records with new names. */
export function sampleRecords(
  random: Random,
  hash: HashAlgorithm,
  count: number,
  wishes?: RecordWishes,
): BlobRecord[] {
  return Array.from({ length: count }, () => sampleRecord(random, hash, wishes));
}

/**
 * Every field of a record as one text, or "absent". Comparing texts tells the same as comparing records, a hundred times faster:
 * the test runner looks at buffers byte by byte.
 */
export function fingerprint(record: BlobRecord | null): string {
  if (record === null) return "absent";
  const { kind, name, encoding, base, length, payload } = record;
  const names = `${name.toString("hex")} on ${base?.toString("hex") ?? "nothing"}`;
  return `${kind} ${encoding} ${names} ${length} ${payload.toString("base64")}`;
}
