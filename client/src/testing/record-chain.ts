/** For tests: the records that a blob is decoded from, in a memory store. */
import type { BlobRecord, RecordKind } from "@datadb/protocol";

/** Bases first, the blob itself last. Throws when one is not there. */
export function recordChain(
  records: ReadonlyMap<string, BlobRecord>,
  kind: RecordKind,
  name: Buffer | string,
): BlobRecord[] {
  const hex = typeof name === "string" ? name : name.toString("hex");
  const record = records.get(`${kind}:${hex}`);
  if (record === undefined) throw new Error(`${kind} ${hex} is missing`);
  return record.base === null ? [record] : [...recordChain(records, kind, record.base), record];
}
