/** Lays a job out in memory; see job.ts for the layout. */
import type { BlobRecord } from "@datadb/protocol";
import {
  type ComparePart,
  type ContentPart,
  ENCODINGS,
  FILE_FLAG,
  type FileTarget,
  JOB_ENTRY,
} from "./job.ts";

/** Bytes that entries need at most, besides names and payloads. */
const ENTRY_BYTES = 48;
const PART_BYTES = 24;
const RECORD_BYTES = 9;

export interface JobWriter {
  /** Bytes written. */
  readonly length: number;
  file(target: FileTarget, parts: readonly ContentPart[]): void;
  parts(fd: number, parts: readonly ContentPart[]): void;
  compare(fd: number, parts: readonly ComparePart[]): void;
}

/** The space that the parts of one entry need, with its target. */
export function entryBytes(nameBytes: number, parts: readonly ContentPart[]): number {
  let bytes = ENTRY_BYTES + nameBytes;
  for (const { chain } of parts) {
    bytes += PART_BYTES;
    for (const record of chain) bytes += RECORD_BYTES + record.name.length + record.payload.length;
  }
  return bytes;
}

/** The same for a comparison. */
export function compareBytes(parts: readonly ComparePart[], hashBytes: number): number {
  return ENTRY_BYTES + parts.length * (PART_BYTES + hashBytes);
}

/** Writes into `out`, which must be large enough: RangeError otherwise. */
export function jobWriter(out: Buffer): JobWriter {
  let at = 0;
  const u8 = (value: number): void => {
    at = out.writeUInt8(value, at);
  };
  const u32 = (value: number): void => {
    at = out.writeUInt32LE(value, at);
  };
  const f64 = (value: number): void => {
    at = out.writeDoubleLE(value, at);
  };
  const bytes = (value: Buffer): void => {
    if (at + value.length > out.length) throw new RangeError("job is larger than its memory");
    out.set(value, at);
    at += value.length;
  };

  function record({ encoding, length, payload, name }: BlobRecord): void {
    u8(ENCODINGS.indexOf(encoding));
    u32(length);
    u32(payload.length);
    bytes(name);
    bytes(payload);
  }

  function content(parts: readonly ContentPart[]): void {
    u32(parts.length);
    for (const { offset, chain } of parts) {
      f64(offset);
      u8(chain.length);
      for (const one of chain) record(one);
    }
  }

  return {
    get length() {
      return at;
    },
    file(target, parts) {
      u8(JOB_ENTRY.file);
      at = out.writeInt32LE(target.directoryFd, at);
      u8(
        (target.replace ? FILE_FLAG.replace : 0) |
          (target.owner === null ? 0 : FILE_FLAG.owner) |
          (target.stripAcl ? FILE_FLAG.stripAcl : 0),
      );
      at = out.writeUInt16LE(target.mode, at);
      u32(target.owner?.uid ?? 0);
      u32(target.owner?.gid ?? 0);
      at = out.writeBigInt64LE(target.mtime, at);
      f64(target.size);
      at = out.writeUInt16LE(target.name.length, at);
      bytes(target.name);
      content(parts);
    },
    parts(fd, parts) {
      u8(JOB_ENTRY.parts);
      at = out.writeInt32LE(fd, at);
      content(parts);
    },
    compare(fd, parts) {
      u8(JOB_ENTRY.compare);
      at = out.writeInt32LE(fd, at);
      u32(parts.length);
      for (const { offset, length, name } of parts) {
        f64(offset);
        f64(length);
        u8(name === null ? 1 : 0);
        if (name !== null) bytes(name);
      }
    },
  };
}
