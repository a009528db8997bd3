/** Reading: from the first member that has a record whole; the others are given what they lack. */
import type { BlobRecord, DatadbError, RecordKind } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { countDownloaded } from "../traffic.ts";
import { demote, isDamage, isOutage, type Mirror, requireUp, type UpMember, upMembers } from "./mirror.ts";
import { noteLack } from "./note-lack.ts";
import { readFrom } from "./read-from.ts";
import { replaceDamaged } from "./replace-damaged.ts";

/** Asks a member; null when it is down from now on. The last one that is up stays it: its error is thrown. */
async function ask<T>(
  mirror: Mirror,
  member: UpMember,
  question: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T | null> {
  try {
    return await question();
  } catch (error) {
    signal?.throwIfAborted();
    const outage = isOutage(error) && !isDamage(error);
    if (!outage || upMembers(mirror).every((one) => one === member)) throw error;
    await demote(mirror, member, error.message, "down");
    return null;
  }
}

/** Puts what the first members lack and a later one has into their queues. `found`: who has each name. */
async function noteLacks(
  mirror: Mirror,
  kind: RecordKind,
  names: readonly Buffer[],
  has: readonly { member: UpMember; has(at: number): boolean }[],
): Promise<void> {
  for (const lacking of has) {
    if (lacking.member.state !== "up") continue;
    for (const having of has) {
      const lacks = having === lacking ? [] : names.filter((_, at) => having.has(at) && !lacking.has(at));
      if (lacks.length > 0) await noteLack(mirror, kind, lacks, lacking.member, having.member);
    }
  }
}

/** See Backend.hasMany: 1 when a member that is up has it; one that lacks it has it queued. */
export async function hasMany(
  mirror: Mirror,
  kind: RecordKind,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const ups = requireUp(mirror, signal);
  const answers = await Promise.all(
    ups.map((member) => ask(mirror, member, () => member.backend.hasMany(kind, names, signal), signal)),
  );
  const any = new Uint8Array(names.length);
  let equal = true;
  const first = answers.find((one) => one !== null);
  for (const there of answers) {
    if (there === null) continue;
    for (let at = 0; at < there.length; at++) {
      if (there[at] !== first?.[at]) equal = false;
      if (there[at] === 1) any[at] = 1;
    }
  }
  if (equal) return any;
  const has = ups.flatMap((member, which) => {
    const there = answers[which];
    return there ? [{ member, has: (at: number) => there[at] === 1 }] : [];
  });
  await noteLacks(mirror, kind, names, has);
  return any;
}

/** See Backend.statMany. */
export async function statMany(
  mirror: Mirror,
  kind: RecordKind,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<(RecordInfo | null)[]> {
  const found: (RecordInfo | null)[] = names.map(() => null);
  let open = names.map((_, at) => at);
  for (const member of requireUp(mirror, signal)) {
    const wanted = open.map((at) => names[at]!);
    const infos = await ask(mirror, member, () => member.backend.statMany(kind, wanted, signal), signal);
    if (infos === null) continue;
    for (const [index, info] of infos.entries())
      if (info) found[open[index]!] = { ...info, pack: packIn(member, info.pack) };
    open = open.filter((at) => found[at] === null);
    if (open.length === 0) return found;
  }
  return found;
}

/** The name of a member's pack in the mirror. */
export function packIn(member: { position: number }, pack: string): string {
  return `${member.position}:${pack}`;
}

/** What would have to be retrieved first is asked last. */
export function warmFirst(members: readonly UpMember[]): UpMember[] {
  const cold = ({ backend }: UpMember): boolean => backend.capabilities.cold;
  return [...members.filter((member) => !cold(member)), ...members.filter(cold)];
}

/** See Backend.getMany. */
export async function getMany(
  mirror: Mirror,
  kind: RecordKind,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<(BlobRecord | null)[]> {
  const ups = requireUp(mirror, signal);
  const found: (BlobRecord | null)[] = names.map(() => null);
  const errors = new Map<number, DatadbError>();
  const damagedIn: { member: UpMember; names: Buffer[] }[] = [];
  let open = names.map((_, at) => at);
  // Those that are being given what they missed have what is damaged elsewhere, perhaps.
  const behind = mirror.members.filter(
    (one): one is UpMember => one.state === "behind" && one.backend !== null,
  );
  for (const member of [...warmFirst(ups), ...behind]) {
    if (member.state === "behind") open = open.filter((at) => errors.has(at));
    if (open.length === 0) break;
    const wanted = open.map((at) => names[at]!);
    const reading = await ask(mirror, member, () => readFrom(member, kind, wanted, signal), signal);
    if (reading === null) continue;
    const damaged: Buffer[] = [];
    for (const [index, at] of open.entries()) {
      found[at] = reading.records[index] ?? null;
      const error = reading.damaged.get(index);
      if (error === undefined) continue;
      if (!errors.has(at)) errors.set(at, error);
      if (isDamage(error)) damaged.push(names[at]!);
    }
    if (damaged.length > 0 && member.state === "up") damagedIn.push({ member, names: damaged });
    open = open.filter((at) => found[at] === null);
  }
  for (const { member, names: bad } of damagedIn) {
    const healthy = found.filter((record) => record !== null && bad.some((name) => name.equals(record.name)));
    if (healthy.length > 0) await replaceDamaged(mirror, member, kind, healthy as BlobRecord[]);
  }
  const lost = open.find((at) => errors.has(at));
  if (lost !== undefined) throw errors.get(lost);
  countDownloaded(mirror.traffic, found);
  return found;
}
