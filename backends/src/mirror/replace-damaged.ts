/** A member whose copy of a record is damaged keeps the bytes aside, and is given a whole copy. */
import {
  type BlobRecord,
  DatadbError,
  decodeChain,
  decodePayload,
  logRecordName,
  MAX_CHAIN_DEPTH,
  ReadOnlyError,
  type RecordKind,
} from "@datadb/protocol";
import { countUploaded } from "../traffic.ts";
import { markChanging, missedOf } from "./change-members.ts";
import type { Missed } from "./ledger.ts";
import { demote, isOutage, type Mirror, requireUp, type UpMember, upMembers } from "./mirror.ts";

async function setAsideAndDistrust(
  member: UpMember,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<void> {
  await member.backend.setAside(kind, names);
  await member.backend.distrustMany(kind, names);
}

/** Puts whole copies of records that a member has damaged; those whose base it lacks are queued. */
export async function replaceDamaged(
  mirror: Mirror,
  member: UpMember,
  kind: RecordKind,
  records: readonly BlobRecord[],
): Promise<void> {
  if (mirror.readOnly || mirror.closed || member.state !== "up") return;
  const names = records.map(({ name }) => Buffer.from(name));
  await mirror.gate.exclusive(async () => {
    if (mirror.closed || member.state !== "up") return;
    await markChanging(mirror);
    const missed = missedOf("put", records);
    try {
      await setAsideAndDistrust(member, kind, names);
      const bases = records.flatMap(({ base }) => base ?? []);
      const there = await member.backend.hasMany(kind, bases);
      if (there.includes(0)) await lackBases(mirror, member, missed);
      else {
        await member.backend.putMany(records);
        countUploaded(member.traffic, records);
        member.unflushed.push(...missed);
      }
    } catch (error) {
      // What cannot be written to is mended when it can be; the last one that is up stays it.
      if (!isOutage(error)) throw error;
      member.unflushed.push(...missed);
      if (upMembers(mirror).length > 1) await demote(mirror, member, error.message, "down");
    }
    mirror.counts.repaired += names.length;
    const more = names.length > 1 ? ` and ${names.length - 1} more` : "";
    mirror.warn(
      `${member.backend.description}: damaged, and replaced from another member: ${kind} ${names[0]?.toString("hex")}${more}`,
    );
  });
}

async function lackBases(mirror: Mirror, member: UpMember, missed: readonly Missed[]): Promise<void> {
  if (upMembers(mirror).length < 2) return;
  await demote(mirror, member, "damaged records are being replaced", "behind");
  await member.ledger.add(missed);
}

/** The record and its bases, the last base first; null when one of them is not there. */
async function chainOf(member: UpMember, record: BlobRecord): Promise<BlobRecord[] | null> {
  const chain = [record];
  for (let base = record.base; base !== null; ) {
    const [next] = await member.backend.getMany(record.kind, [base]);
    if (!next || chain.length > 2 * MAX_CHAIN_DEPTH) return null;
    chain.unshift(next);
    base = next.base;
  }
  return chain;
}

/** A member's copy, when it has the content that its name says. */
async function wholeCopy(
  mirror: Mirror,
  member: UpMember,
  kind: RecordKind,
  name: Buffer,
): Promise<BlobRecord | null> {
  try {
    const [record] = await member.backend.getMany(kind, [name]);
    if (!record) return null;
    if (kind === "log") {
      const right = logRecordName(mirror.hash, mirror.storeId, decodePayload(record));
      return right.equals(name) ? record : null;
    }
    const chain = await chainOf(member, record);
    if (chain === null) return null;
    decodeChain(mirror.hash, chain);
    return record;
  } catch (error) {
    if (error instanceof DatadbError) return null;
    throw error;
  }
}

/**
 * See Backend.distrustMany. Where a member has the right content under the name, only the copies of the others are distrusted, and
 * replaced from it. (Of a wrapper that changes names and content no copy can be judged: all are distrusted.)
 */
export async function distrustMany(
  mirror: Mirror,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<void> {
  if (mirror.readOnly) throw new ReadOnlyError(`${mirror.description} is opened read-only`);
  const ups = requireUp(mirror);
  const lost: Buffer[] = [];
  for (const name of names) {
    const copies = new Map<UpMember, BlobRecord | null>();
    for (const member of ups) copies.set(member, await wholeCopy(mirror, member, kind, name));
    const good = [...copies.values()].find((copy) => copy !== null);
    if (!good) lost.push(name);
    else
      for (const [member, copy] of copies)
        if (copy === null) await replaceDamaged(mirror, member, kind, [good]);
  }
  if (lost.length === 0) return;
  await mirror.gate.exclusive(async () => {
    await markChanging(mirror);
    for (const { backend } of ups) await backend.distrustMany(kind, lost);
  });
}

/** See Backend.setAside: the copies that are not whole, of every member. */
export async function setAside(
  mirror: Mirror,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const member of requireUp(mirror)) {
    for (const name of names)
      if ((await wholeCopy(mirror, member, kind, name)) === null)
        paths.push(...(await member.backend.setAside(kind, [name])));
  }
  return paths;
}
