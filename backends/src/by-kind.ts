/** Records of one kind each: nearly always a batch has only one. */
import { type BlobRecord, RECORD_KINDS, type RecordKind } from "@datadb/protocol";

/** The kinds that occur, data first, each with its records. */
export function byKind(records: readonly BlobRecord[]): [RecordKind, readonly BlobRecord[]][] {
  const kind = records[0]?.kind;
  if (kind !== undefined && records.every((record) => record.kind === kind)) return [[kind, records]];
  return RECORD_KINDS.map((one): [RecordKind, readonly BlobRecord[]] => [
    one,
    records.filter((record) => record.kind === one),
  ]).filter(([, some]) => some.length > 0);
}
