/** Kinds of records and their encodings, with their permanent numbers. */
import { DecodeError } from "./errors.ts";

/** Separate namespaces in separate packs: content, structure, history. */
export type RecordKind = "data" | "node" | "log";

/** How a record keeps its content; zstd-delta is zstd with the base's content as dictionary. */
export type Encoding = "raw" | "zstd" | "zstd-delta";

/** A blob as it is kept. */
export interface BlobRecord {
  kind: RecordKind;
  /** `H(content)`, or for a log record its domain-separated name. */
  name: Buffer;
  encoding: Encoding;
  /** Name of the blob (same kind) whose content is the dictionary; null unless the encoding is zstd-delta. */
  base: Buffer | null;
  /** Bytes of the content before encoding. */
  length: number;
  payload: Buffer;
}

/** Where a whole record, head and checksum included, lies in a file that this process has open. */
export interface RecordPlace {
  fd: number;
  offset: number;
  size: number;
}

/** Calls `use` with a place for each name; null where there is none. The descriptors are valid until `use` settles, not longer. */
export type WithPlaces<Kind extends RecordKind = RecordKind> = <T>(
  kind: Kind,
  names: readonly Buffer[],
  use: (places: readonly (RecordPlace | null)[]) => Promise<T>,
) => Promise<T>;

/** Permanent. */
export const KIND_BYTE: Readonly<Record<RecordKind, number>> = { data: 1, node: 2, log: 3 };

/** Permanent. */
export const ENCODING_BYTE: Readonly<Record<Encoding, number>> = { raw: 0, zstd: 1, "zstd-delta": 2 };

/** All kinds, in the order of their numbers. */
export const RECORD_KINDS: readonly RecordKind[] = ["data", "node", "log"];

const ENCODINGS: readonly Encoding[] = ["raw", "zstd", "zstd-delta"];

/** The kind with this number; throws DECODE. */
export function kindOfByte(byte: number): RecordKind {
  const kind = RECORD_KINDS[byte - 1];
  if (kind === undefined) throw new DecodeError(`${byte} is no kind of record`);
  return kind;
}

/** The encoding with this number; throws DECODE. */
export function encodingOfByte(byte: number): Encoding {
  const encoding = ENCODINGS[byte];
  if (encoding === undefined) throw new DecodeError(`${byte} is no encoding`);
  return encoding;
}
