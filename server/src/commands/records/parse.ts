/** Arguments of RECORDS. */
import {
  type BlobRecord,
  DecodeError,
  decodeRecord,
  hashLength,
  RECORD_KINDS,
  type RecordKind,
  ReplyError,
} from "@datadb/protocol";
import type { Attached } from "./attached.ts";

export function kindOf(arg: Buffer): RecordKind {
  const kind = arg.toString("latin1", 0, 8).toLowerCase();
  const found = RECORD_KINDS.find((one) => one === kind);
  if (found === undefined) throw new ReplyError("ERR a kind is data, node or log");
  return found;
}

export function namesOf({ place }: Attached, arg: Buffer): Buffer[] {
  const n = hashLength(place.hash);
  if (arg.length % n !== 0) throw new ReplyError(`ERR names of this namespace have ${n} bytes each`);
  return Array.from({ length: arg.length / n }, (_, at) => arg.subarray(at * n, (at + 1) * n));
}

/** Whole records, verified by their checksums, and the one whose pieces came before. */
export function recordsOf(attached: Attached, args: readonly Buffer[]): BlobRecord[] {
  const { place, parts } = attached;
  attached.parts = [];
  const all = parts.length === 0 ? args : [Buffer.concat(parts), ...args];
  const n = hashLength(place.hash);
  return all.map((bytes) => {
    try {
      const { record, size } = decodeRecord(bytes, 0, n);
      if (size !== bytes.length) throw new DecodeError("bytes follow the record");
      return record;
    } catch (error) {
      throw new ReplyError(`MALFORMED ${(error as Error).message}: nothing of this command was put`);
    }
  });
}
