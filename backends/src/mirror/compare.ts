/** Compares what members have: those that may differ, a member that was away, all of them for a check. */
import { RECORD_KINDS, type RecordKind } from "@datadb/protocol";
import type { Missed } from "./ledger.ts";
import { type MemberRecord, memberRecords } from "./member-records.ts";
import { demote, isCold, isOutage, type Mirror, requireUp, type UpMember, upMembers } from "./mirror.ts";
import type { CompareOptions, MemberDifference } from "./mirror-care.ts";
import { differs, missedBy } from "./missed-by.ts";
import { noteLack } from "./note-lack.ts";
import { readFrom } from "./read-from.ts";
import { replaceDamaged } from "./replace-damaged.ts";

function missedOf(
  kind: RecordKind,
  page: readonly MemberRecord[],
  infos: Awaited<ReturnType<UpMember["backend"]["statMany"]>>,
): Missed[] {
  return page.flatMap((record, at): Missed[] => {
    const info = infos[at];
    if (!differs(record, info)) return [];
    return [{ task: info ? "replace" : "put", kind, name: record.name, bytes: record.payloadLength }];
  });
}

/** Queues what `member` lacks and removes what the others do not have any more. It is not up, and `having` is. */
export async function compareWith(member: UpMember, having: UpMember, signal: AbortSignal): Promise<void> {
  for (const kind of RECORD_KINDS) {
    for await (const page of memberRecords(having, kind)) {
      signal.throwIfAborted();
      const names = page.map(({ name }) => name);
      await member.ledger.add(missedOf(kind, page, await member.backend.statMany(kind, names)));
    }
    for await (const page of memberRecords(member, kind)) {
      signal.throwIfAborted();
      const names = page.map(({ name }) => name);
      const there = await having.backend.hasMany(kind, names);
      const gone = names.filter((_, at) => there[at] === 0);
      if (gone.length > 0) await member.backend.removeMany(kind, gone);
    }
  }
}

/** One that cannot answer is down from now on, and to be compared when it is back. */
async function statOrDemote(
  mirror: Mirror,
  member: UpMember,
  kind: RecordKind,
  names: readonly Buffer[],
): ReturnType<UpMember["backend"]["statMany"]> {
  try {
    return await member.backend.statMany(kind, names);
  } catch (error) {
    if (isOutage(error) && upMembers(mirror).some((one) => one !== member))
      await demote(mirror, member, error.message, "down");
    throw error;
  }
}

/** After a crash: what one member that is up has and another lacks is queued for that one. */
export async function compareUps(mirror: Mirror, signal: AbortSignal): Promise<void> {
  const ups = upMembers(mirror);
  for (const having of ups) {
    for (const kind of RECORD_KINDS) {
      for await (const page of memberRecords(having, kind)) {
        if (having.state === "down") break;
        signal.throwIfAborted();
        const names = page.map(({ name }) => name);
        for (const lacking of ups) {
          if (lacking === having) continue;
          const infos = await statOrDemote(mirror, lacking, kind, names);
          const missed = missedOf(kind, page, infos).filter(
            // Of two encodings the first member's is right.
            ({ task }) => task === "put" || having.position < lacking.position,
          );
          if (missed.length === 0) continue;
          const lacks = missed.map(({ name }) => name);
          await noteLack(mirror, kind, lacks, lacking, having);
        }
      }
    }
  }
}

function difference(
  member: UpMember,
  what: MemberDifference["what"],
  kind: RecordKind,
  name: Buffer,
  detail: string,
): MemberDifference {
  const { position, backend } = member;
  const { description } = backend;
  const message = `member ${position} of the mirror, ${description}, ${detail}`;
  return { member: position, description, what, kind, name: Buffer.from(name), message };
}

async function* missingIn(
  mirror: Mirror,
  kind: RecordKind,
  names: readonly Buffer[],
  [lacking, having]: [UpMember, UpMember],
  mend: boolean,
): AsyncGenerator<MemberDifference> {
  if ((await missedBy(kind, names, lacking, having)).length === 0) return;
  // Again, while no change is on its way.
  const missed = await mirror.gate.exclusive(() => missedBy(kind, names, lacking, having));
  if (missed.length === 0) return;
  if (mend)
    await noteLack(
      mirror,
      kind,
      missed.map(({ name }) => name),
      lacking,
      having,
    );
  for (const { name, task } of missed) {
    const hex = name.toString("hex");
    const detail = task === "put" ? `lacks ${kind} ${hex}` : `has ${kind} ${hex} in another encoding`;
    yield difference(lacking, "missing", kind, name, `${detail}, which ${having.backend.description} has`);
  }
}

async function* damagedIn(
  mirror: Mirror,
  member: UpMember,
  kind: RecordKind,
  names: readonly Buffer[],
  { mend = false, signal }: CompareOptions,
): AsyncGenerator<MemberDifference> {
  const { damaged } = await readFrom(member, kind, names, signal);
  for (const [at, error] of damaged) {
    // What is cold cannot be read now, and is not damaged for that.
    if (isCold(error)) continue;
    const name = names[at]!;
    yield difference(
      member,
      "damaged",
      kind,
      name,
      `has ${kind} ${name.toString("hex")} damaged: ${error.message}`,
    );
    if (!mend) continue;
    for (const other of upMembers(mirror)) {
      if (other === member) continue;
      const [record] = (await readFrom(other, kind, [name], signal)).records;
      if (!record) continue;
      await replaceDamaged(mirror, member, kind, [record]);
      break;
    }
  }
}

/** Pages small enough to be held in memory with their payloads. */
function* batches(page: readonly MemberRecord[], bytes: number): Generator<Buffer[]> {
  let [batch, sum]: [Buffer[], number] = [[], 0];
  for (const { name, payloadLength } of page) {
    if (batch.length > 0 && sum + payloadLength > bytes) {
      yield batch;
      [batch, sum] = [[], 0];
    }
    batch.push(name);
    sum += payloadLength;
  }
  if (batch.length > 0) yield batch;
}

const READ_BYTES: number = 8 * 1024 * 1024;

/** See MirrorCare.compare. */
export async function* compare(
  mirror: Mirror,
  options: CompareOptions,
): AsyncGenerator<MemberDifference, void> {
  const { read = [], mend = false, signal, onProgress } = options;
  let records = 0;
  // Who has found a record damaged says that it lacks it.
  const told = new Set<string>();
  const idOf = ({ member, kind, name }: MemberDifference): string =>
    `${member} ${kind} ${name.toString("latin1")}`;
  const ups = requireUp(mirror, signal);
  for (const member of ups) {
    for (const kind of RECORD_KINDS) {
      for await (const page of memberRecords(member, kind)) {
        signal?.throwIfAborted();
        const names = page.map(({ name }) => name);
        for (const lacking of ups) {
          if (lacking === member || lacking.state !== "up") continue;
          for await (const found of missingIn(mirror, kind, names, [lacking, member], mend))
            if (!told.has(idOf(found))) yield found;
        }
        for (const batch of read.includes(kind) ? batches(page, READ_BYTES) : []) {
          for await (const found of damagedIn(mirror, member, kind, batch, options)) {
            told.add(idOf(found));
            yield found;
          }
        }
        records += page.length;
        onProgress?.(records);
      }
    }
  }
}
