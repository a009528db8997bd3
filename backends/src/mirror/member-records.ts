/** What one member has, in pages: from its index, or by listing it where it has none. */
import type { Encoding, RecordKind } from "@datadb/protocol";
import { decodeLocation, isDistrusted, recordKeyRange } from "../blobsfile/location.ts";
import type { RecordIndex } from "../record-index.ts";
import type { UpMember } from "./mirror.ts";

/** A record as the index knows it. */
export interface MemberRecord {
  name: Buffer;
  encoding: Encoding;
  base: Buffer | null;
  payloadLength: number;
}

const PAGE_RECORDS = 1000;

/** The path of the index that has its records under their own names, or null. */
export function namesPath({ backend, indexes }: UpMember): string | null {
  if (backend.namesIn !== undefined) return backend.namesIn();
  return indexes.keys().next().value ?? null;
}

async function* indexed(index: RecordIndex, kind: RecordKind): AsyncGenerator<MemberRecord> {
  const [from, to] = recordKeyRange(kind);
  for await (const [key, value] of index.entries(from, to)) {
    if (isDistrusted(value)) continue;
    const { encoding, base, payloadLength } = decodeLocation(value);
    yield { name: Buffer.from(key.subarray(1)), encoding, base: base && Buffer.from(base), payloadLength };
  }
}

async function* listed({ backend }: UpMember, kind: RecordKind): AsyncGenerator<MemberRecord> {
  for await (const { records } of backend.list(kind)) yield* records;
}

/** Flushed records of a kind at least, each once; a listing may have removed ones. */
export async function* memberRecords(member: UpMember, kind: RecordKind): AsyncGenerator<MemberRecord[]> {
  const index = member.indexes.get(namesPath(member) ?? "");
  let page: MemberRecord[] = [];
  for await (const record of index === undefined ? listed(member, kind) : indexed(index, kind)) {
    page.push(record);
    if (page.length < PAGE_RECORDS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
