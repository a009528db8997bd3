/** Encodes content into records and back: pure and synchronous, to be called in workers. */
import { DecodeError, HashMismatchError } from "./errors.ts";
import { type HashAlgorithm, hashOf } from "./hash.ts";
import type { BlobRecord, RecordKind } from "./kinds.ts";
import { MIN_COMPRESS_BYTES } from "./limits.ts";
import { compress, compressDelta, decompress, isUsableBase } from "./zstd.ts";

/** How encodeBlob should encode. */
export interface EncodeOptions {
  /** zstd's level; 1 without a base and 5 with one, when absent. */
  level?: number;
  /** A blob of the same kind whose content is probably similar. */
  base?: { name: Buffer; content: Buffer };
}

const FULL_LEVEL = 1;
const DELTA_LEVEL = 5;

/**
 * The smallest of zstd-delta (with a usable base), zstd and raw; raw when zstd does not shrink, fails, or the content is tiny.
 * `name` is trusted. The payload of a raw record is `content` itself, not a copy.
 */
export function encodeBlob(
  kind: RecordKind,
  name: Buffer,
  content: Buffer,
  options: EncodeOptions = {},
): BlobRecord {
  const { length } = content;
  const { base, level } = options;
  const raw: BlobRecord = { kind, name, encoding: "raw", base: null, length, payload: content };
  if (length < MIN_COMPRESS_BYTES) return raw;
  if (base && isUsableBase(base.content) && !base.name.equals(name)) {
    const payload = compressDelta(content, base.content, level ?? DELTA_LEVEL);
    if (payload && payload.length + base.name.length < length / 2) {
      return { kind, name, encoding: "zstd-delta", base: base.name, length, payload };
    }
  }
  const payload = compress(content, level ?? FULL_LEVEL);
  return payload && payload.length < length
    ? { kind, name, encoding: "zstd", base: null, length, payload }
    : raw;
}

/** What errors call a record. */
function describe(record: BlobRecord): string {
  return `${record.kind} ${record.name.toString("hex")}`;
}

/**
 * The content of a record, with its length checked; at most `record.length` bytes are produced, whatever the payload says.
 * `base` is the base's content, needed for zstd-delta. The name is not checked: log records are named by their store.
 * Throws DECODE.
 */
export function decodePayload(record: BlobRecord, base?: Buffer): Buffer {
  const { encoding, payload, length } = record;
  if (encoding === "zstd-delta" && base === undefined) {
    throw new TypeError(`${describe(record)} needs the content of its base ${record.base?.toString("hex")}`);
  }
  let content: Buffer;
  try {
    content =
      encoding === "raw"
        ? payload
        : decompress(payload, length, encoding === "zstd-delta" ? base : undefined);
  } catch (cause) {
    throw new DecodeError(`${describe(record)} does not decompress`, {
      cause,
      fields: { name: record.name },
    });
  }
  if (content.length === length) return content;
  throw new DecodeError(`${describe(record)} has ${content.length} bytes and should have ${length}`, {
    fields: { name: record.name },
  });
}

/**
 * The verified content of a data or node record: as decodePayload, and throws HASH_MISMATCH when the content is not what the
 * name says (a wrong base decodes without complaint to wrong bytes).
 */
export function decodeBlob(algorithm: HashAlgorithm, record: BlobRecord, base?: Buffer): Buffer {
  const content = decodePayload(record, base);
  const found = hashOf(algorithm, content);
  if (found.equals(record.name)) return content;
  throw new HashMismatchError(`${describe(record)} has the hash ${found.toString("hex")}`, {
    fields: { kind: record.kind, name: record.name },
  });
}
