/** Encodes content into records and back: pure and synchronous, to be called in workers. */
import { DecodeError, HashMismatchError } from "./errors.ts";
import { type HashAlgorithm, hashOf } from "./hash.ts";
import type { BlobRecord, RecordKind } from "./kinds.ts";
import { MIN_COMPRESS_BYTES } from "./limits.ts";
import { compressBound } from "./zstd/kept-zstd.ts";
import { compress, compressDelta, decompress, isUsableBase, type Level } from "./zstd/zstd.ts";

/** How encodeBlob should encode. */
export interface EncodeOptions {
  /** 1 without a base and 9 with one, when absent. */
  level?: Level;
  /** A blob of the same kind whose content is probably similar. */
  base?: DeltaBase;
  /** A delta of the same content that was made already, instead of `base`. */
  delta?: BlobRecord;
  /**
   * Where what the content shrinks to is put: memory of encodedBound() bytes beside the content, or less, which may be the content's own: it is
   * overwritten when all of it has been read, and only when it shrinks.
   */
  into?: Buffer;
}

/** A blob that may serve as dictionary. */
export interface DeltaBase {
  name: Buffer;
  content: Buffer;
}

const FULL_LEVEL = 1;
/** For what changed and is kept whole all the same: little after the first backup, so it may take longer. */
export const CHANGED_LEVEL = 9;
const DELTA_LEVEL = 9;

/** zstd must save at least this share of the content, else reading it back is not worth its time. */
const MIN_SAVED = 1 / 32;
/** A delta, its base's name included, must be below this share of the full encoding: it makes its base indispensable. */
const WORTHWHILE_DELTA = 4 / 5;

/** Bytes that are enough for what becomes of any content of this length while it is encoded. */
export function encodedBound(length: number): number {
  return compressBound(length);
}

/**
 * zstd-delta when the base is usable and saves much, else zstd when it shrinks the content, else raw (also for tiny content, and
 * when zstd fails). `name` is trusted. The payload of a raw record is `content` itself, not a copy; others own their bytes, or lie in `into`.
 */
export function encodeBlob(
  kind: RecordKind,
  name: Buffer,
  content: Buffer,
  options: EncodeOptions = {},
): BlobRecord {
  const { length } = content;
  const full: BlobRecord = { kind, name, encoding: "raw", base: null, length, payload: content };
  if (length < MIN_COMPRESS_BYTES) return full;
  const delta = options.delta ?? (options.base && encodeDelta(full, options.base, options.level));
  const most = Math.ceil(length * (1 - MIN_SAVED)) - 1;
  const room = options.into?.length ?? 0;
  // Content that stays as it is must not be overwritten.
  const into = room < encodedBound(length) ? options.into?.subarray(0, most) : options.into;
  const payload = compress(content, options.level ?? FULL_LEVEL, into);
  if (payload && payload.length <= most) {
    full.encoding = "zstd";
    full.payload = payload;
  }
  if (delta === undefined) return full;
  const deltaBytes = delta.payload.length + name.length;
  return deltaBytes < full.payload.length * WORTHWHILE_DELTA ? delta : full;
}

/** A raw record's delta against a base; undefined when the base is not usable or zstd fails. */
export function encodeDelta(
  raw: BlobRecord,
  base: DeltaBase,
  level: Level = DELTA_LEVEL,
): BlobRecord | undefined {
  if (!isUsableBase(base.content) || base.name.equals(raw.name)) return undefined;
  const payload = compressDelta(raw.payload, base.content, level);
  return payload && { ...raw, encoding: "zstd-delta", base: base.name, payload };
}

/** What errors call a record. */
function describe(record: BlobRecord): string {
  return `${record.kind} ${record.name.toString("hex")}`;
}

/** What errors carry of a record. */
function fieldsOf(record: BlobRecord): Record<string, string> {
  return { kind: record.kind, name: record.name.toString("hex") };
}

/**
 * The content of a record (of a raw one the payload itself), with its length checked; at most `record.length` bytes are produced, whatever the payload says.
 * `base` is the base's content, needed for zstd-delta. `into` has room for exactly the content and may be used for it; the result says
 * where it is. The name is not checked: log records are named by their store.
 * Throws DECODE.
 */
export function decodePayload(record: BlobRecord, base?: Buffer, into?: Buffer): Buffer {
  const { encoding, payload, length } = record;
  if (encoding === "zstd-delta" && base === undefined) {
    throw new TypeError(`${describe(record)} needs the content of its base ${record.base?.toString("hex")}`);
  }
  let content: Buffer;
  try {
    content =
      encoding === "raw"
        ? payload
        : decompress(payload, length, encoding === "zstd-delta" ? base : undefined, into);
  } catch (cause) {
    throw new DecodeError(`${describe(record)} does not decompress`, {
      cause,
      fields: fieldsOf(record),
    });
  }
  if (content.length === length) return content;
  throw new DecodeError(`${describe(record)} has ${content.length} bytes and should have ${length}`, {
    fields: fieldsOf(record),
  });
}

/**
 * The verified content of a data or node record: as decodePayload, and throws HASH_MISMATCH when the content is not what the
 * name says (a wrong base decodes without complaint to wrong bytes).
 */
export function decodeBlob(
  algorithm: HashAlgorithm,
  record: BlobRecord,
  base?: Buffer,
  into?: Buffer,
): Buffer {
  const content = decodePayload(record, base, into);
  const found = hashOf(algorithm, content);
  if (found.equals(record.name)) return content;
  throw new HashMismatchError(`${describe(record)} has the hash ${found.toString("hex")}`, {
    fields: fieldsOf(record),
  });
}
