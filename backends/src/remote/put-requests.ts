/** Records on their way to a server: in commands of a few megabytes, the longest ones in pieces. */
import { type BlobRecord, encodeRecord } from "@datadb/protocol";
import type { Request } from "./link.ts";

const COMMAND_BYTES: number = 4 << 20;
const COMMAND_RECORDS = 1024;
/** An argument has at most 16 MiB. */
const PIECE_BYTES: number = 8 << 20;

/** Requests that put the records: each array is to be sent in a row. `words`: the subcommand and what comes before the records. */
export function putRequests(
  words: Request,
  records: readonly BlobRecord[],
): { requests: Request[]; records: BlobRecord[] }[] {
  const all: { requests: Request[]; records: BlobRecord[] }[] = [];
  let group: { bytes: Buffer[]; records: BlobRecord[] } = { bytes: [], records: [] };
  let size = 0;
  const close = (): void => {
    if (group.records.length > 0)
      all.push({ requests: [[...words, ...group.bytes]], records: group.records });
    group = { bytes: [], records: [] };
    size = 0;
  };
  for (const record of records) {
    const bytes = Buffer.concat(encodeRecord(record));
    if (bytes.length > PIECE_BYTES) {
      all.push({
        requests: [...pieces(bytes).map((piece): Request => ["PART", piece]), words],
        records: [record],
      });
      continue;
    }
    if (size + bytes.length > COMMAND_BYTES || group.records.length === COMMAND_RECORDS) close();
    group.bytes.push(bytes);
    group.records.push(record);
    size += bytes.length;
  }
  close();
  return all;
}

function pieces(bytes: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) all.push(bytes.subarray(at, at + PIECE_BYTES));
  return all;
}
