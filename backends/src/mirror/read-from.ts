/** Reads records of one member, and tells which of them are damaged. */
import type { BlobRecord, DatadbError, RecordKind } from "@datadb/protocol";
import { countDownloaded } from "../traffic.ts";
import { isCold, isDamage, type UpMember } from "./mirror.ts";

interface Reading {
  records: (BlobRecord | null)[];
  damaged: Map<number, DatadbError>;
}

/** All that a member has whole and at hand; one by one when one of them is damaged, or cold: both have their errors in `damaged`. */
export async function readFrom(
  member: UpMember,
  kind: RecordKind,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<Reading> {
  const damaged = new Map<number, DatadbError>();
  try {
    const records = await member.backend.getMany(kind, names, signal);
    countDownloaded(member.traffic, records);
    return { records, damaged };
  } catch (error) {
    if (!isDamage(error) && !isCold(error)) throw error;
    if (names.length === 1) return { records: [null], damaged: new Map([[0, error as DatadbError]]) };
  }
  const records: (BlobRecord | null)[] = [];
  for (const [at, name] of names.entries()) {
    const one = await readFrom(member, kind, [name], signal);
    records.push(one.records[0] ?? null);
    const error = one.damaged.get(0);
    if (error) damaged.set(at, error);
  }
  return { records, damaged };
}
