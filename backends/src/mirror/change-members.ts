/** Changes of content: to every member that is up, into the queue of every other. */
import {
  BackendUnavailableError,
  type BlobRecord,
  RECORD_KINDS,
  ReadOnlyError,
  type RecordKind,
} from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { counterOf } from "../counter-of.ts";
import { countUploaded } from "../traffic.ts";
import type { Missed, Task } from "./ledger.ts";
import { demote, isOutage, type Member, type Mirror, requireUp, type UpMember, upMembers } from "./mirror.ts";

/** A member is flushed when it holds so many accepted records: what it would miss is remembered for each. */
const MAX_UNFLUSHED = 65_536;

/** Before the first change, durably: if the process dies, members that are equal now may not be. */
export async function markChanging(mirror: Mirror): Promise<void> {
  mirror.changing ??= (async () => {
    for (const { ledger } of upMembers(mirror)) await ledger.setStanding("changing");
  })();
  try {
    await mirror.changing;
  } catch (error) {
    mirror.changing = null;
    throw error;
  }
}

/** What a member misses that is not given these. The names are copies, not the caller's memory. */
export function missedOf(task: Task, records: readonly BlobRecord[]): Missed[] {
  const width = records[0]?.name.length ?? 0;
  const slab = Buffer.allocUnsafeSlow(width * records.length);
  return records.map(({ kind, name, payload }, at) => {
    slab.set(name, at * width);
    return { task, kind, name: slab.subarray(at * width, (at + 1) * width), bytes: payload.length };
  });
}

/** Throws what is not the fault of a member; others may have done it. */
function refuse(mirror: Mirror, results: readonly PromiseSettledResult<unknown>[]): void {
  const error = results.find((one) => one.status === "rejected" && !isOutage(one.reason));
  if (error === undefined) return;
  if (results.length > 1) mirror.doubts += 1;
  throw (error as PromiseRejectedResult).reason;
}

/**
 * Lets every member that is up do it. Those that fail are down from then on, as long as one succeeds; when none does, the first error is
 * thrown, and members may differ in what they did.
 */
async function onAll(
  mirror: Mirror,
  ups: readonly UpMember[],
  work: (backend: Backend) => Promise<void>,
): Promise<Set<Member>> {
  const results = await Promise.allSettled(ups.map(({ backend }) => work(backend)));
  refuse(mirror, results);
  const done = new Set<Member>();
  for (const [at, result] of results.entries()) if (result.status === "fulfilled") done.add(ups[at]!);
  if (done.size === 0) {
    if (ups.length > 1) mirror.doubts += 1;
    throw (results[0] as PromiseRejectedResult).reason;
  }
  for (const [at, result] of results.entries())
    if (result.status === "rejected")
      await demote(mirror, ups[at]!, (result.reason as Error).message, "down");
  return done;
}

/** One change, resolves with who did it: `missed` makes what absent members are given later; `uncertain` says whether a flush must follow. */
async function change(
  mirror: Mirror,
  work: (backend: Backend) => Promise<void>,
  missed: () => Missed[],
  uncertain: boolean,
  signal?: AbortSignal,
): Promise<Set<Member>> {
  if (mirror.readOnly) throw new ReadOnlyError(`${mirror.description} is opened read-only`);
  requireUp(mirror, signal);
  return await mirror.gate.shared(async () => {
    const ups = requireUp(mirror, signal);
    await markChanging(mirror);
    const done = await onAll(mirror, ups, work);
    const entries = uncertain || mirror.members.some((member) => member.state !== "up") ? missed() : [];
    for (const member of mirror.members) {
      // One that failed meanwhile, in another call, has lost what it did not flush.
      if (member.state !== "up") await member.ledger.add(entries);
      else if (uncertain && done.has(member)) for (const entry of entries) member.unflushed.push(entry);
    }
    return done;
  });
}

function countPut(mirror: Mirror, done: ReadonlySet<Member>, records: readonly BlobRecord[]): void {
  for (const { traffic } of [mirror, ...done]) countUploaded(traffic, records);
}

/** See Backend.putMany. */
export async function putMany(
  mirror: Mirror,
  records: readonly BlobRecord[],
  signal?: AbortSignal,
): Promise<void> {
  const work = (backend: Backend): Promise<void> => backend.putMany(records, signal);
  countPut(mirror, await change(mirror, work, () => missedOf("put", records), true, signal), records);
  if (mirror.members.some(({ unflushed }) => unflushed.length > MAX_UNFLUSHED)) await flush(mirror);
}

/** See Backend.replaceMany. */
export async function replaceMany(
  mirror: Mirror,
  kind: RecordKind,
  records: readonly BlobRecord[],
): Promise<void> {
  const work = (backend: Backend): Promise<void> => backend.replaceMany(kind, records);
  countPut(mirror, await change(mirror, work, () => missedOf("replace", records), true), records);
}

/** See Backend.removeMany. */
export async function removeMany(mirror: Mirror, kind: RecordKind, names: readonly Buffer[]): Promise<void> {
  const missed = (): Missed[] =>
    names.map((name) => ({ task: "remove", kind, name: Buffer.from(name), bytes: 0 }));
  await change(mirror, (backend) => backend.removeMany(kind, names), missed, false);
  await settleQueues(mirror);
}

async function settleQueues({ members }: Mirror): Promise<void> {
  for (const member of members) if (member.state !== "up") await member.ledger.settle();
}

/** Flushes one member; what it could not make durable it still owes. */
async function flushMember(member: UpMember, kinds: readonly RecordKind[]): Promise<void> {
  const covered = member.unflushed.filter(({ kind }) => kinds.includes(kind));
  member.unflushed = member.unflushed.filter(({ kind }) => !kinds.includes(kind));
  const giveBack = async (): Promise<void> => {
    if (member.state === "up") member.unflushed = covered.concat(member.unflushed);
    else await member.ledger.add(covered);
  };
  try {
    await member.backend.flush(kinds);
  } catch (error) {
    await giveBack();
    throw error;
  }
  const lost = counterOf(member.backend, "records-lost");
  if (lost === member.lost) return;
  member.lost = lost;
  await giveBack();
  throw new BackendUnavailableError(`${member.backend.description} lost records that it had accepted`);
}

/** See Backend.flush. What is queued for absent members is durable, too, when it resolves. */
export async function flush(
  mirror: Mirror,
  kinds: readonly RecordKind[] = RECORD_KINDS,
  required: number = mirror.required,
): Promise<void> {
  for (;;) {
    const ups = requireUp(mirror);
    const flushed = await mirror.gate.shared(async () => {
      const here = requireUp(mirror);
      if (mirror.readOnly) return here.length;
      const results = await Promise.allSettled(here.map((member) => flushMember(member, kinds)));
      refuse(mirror, results);
      const failed = results.flatMap((result, at) =>
        result.status === "rejected" ? [{ member: here[at]!, error: result.reason as Error }] : [],
      );
      if (failed.length === here.length) {
        if (here.length > 1) mirror.doubts += 1;
        for (const { member } of failed) member.unflushed = [];
        throw failed[0]!.error;
      }
      for (const { member, error } of failed) await demote(mirror, member, error.message, "down");
      await settleQueues(mirror);
      return here.length - failed.length;
    });
    if (flushed >= required) return;
    if (!(await someoneJoins(mirror, ups.length))) throw tooFew(mirror, flushed);
  }
}

function tooFew({ description, required, members }: Mirror, flushed: number): BackendUnavailableError {
  return new BackendUnavailableError(
    `${description}: ${flushed} of ${members.length} members have made the records durable, but ${required} are required`,
    { next: "see datadb mirror status, and bring back the members that are down" },
  );
}

/** Waits for members that are being given what they missed; false when there is none any more. */
async function someoneJoins(mirror: Mirror, ups: number): Promise<boolean> {
  const never = new AbortController().signal;
  while (!mirror.closed && mirror.members.some(({ state }) => state === "behind")) {
    await mirror.clock.wait(20, never);
    if (upMembers(mirror).length > ups) return true;
  }
  return upMembers(mirror).length > ups;
}
