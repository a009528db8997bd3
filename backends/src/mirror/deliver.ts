/** Gives a member what it missed, in the order in which it missed it. */
import { BackendUnavailableError, type BlobRecord, type RecordKind } from "@datadb/protocol";
import type { Queued, Task } from "./ledger.ts";
import { allDown, counterOf, type Mirror, type UpMember, upMembers } from "./mirror.ts";
import { differs } from "./note-lack.ts";
import { readFrom } from "./read-members.ts";

const BATCH_RECORDS = 1024;
const BATCH_BYTES: number = 8 * 1024 * 1024;

function idOf(name: Buffer): string {
  return name.toString("latin1");
}

/** Consecutive entries of one task and kind. */
function* runsOf(entries: readonly Queued[]): Generator<Queued[]> {
  let run: Queued[] = [];
  for (const entry of entries) {
    const [first] = run;
    if (first !== undefined && (first.task !== entry.task || first.kind !== entry.kind)) {
      yield run;
      run = [];
    }
    run.push(entry);
  }
  if (run.length > 0) yield run;
}

/** From the members that have everything. What was removed meanwhile is null; so is what all of them have damaged, with a warning. */
async function fetch(
  mirror: Mirror,
  kind: RecordKind,
  names: readonly Buffer[],
  signal: AbortSignal,
): Promise<(BlobRecord | null)[]> {
  const sources = upMembers(mirror);
  if (sources.length === 0) throw allDown(mirror);
  const found: (BlobRecord | null)[] = names.map(() => null);
  let [damaged, open] = [new Map<number, Error>(), names.map((_, at) => at)];
  for (const source of sources) {
    const wanted = open.map((at) => names[at]!);
    const reading = await readFrom(source, kind, wanted, signal);
    for (const [index, at] of open.entries()) {
      found[at] = reading.records[index] ?? null;
      const error = reading.damaged.get(index);
      if (error) damaged = damaged.set(at, error);
    }
    open = open.filter((at) => found[at] === null);
    if (open.length === 0) break;
  }
  for (const at of open) {
    const error = damaged.get(at);
    if (error)
      mirror.warn(`${kind} ${names[at]?.toString("hex")} is damaged in every member: ${error.message}`);
  }
  return found;
}

/** Bases before what is encoded against them, as far as they are in the same batch. */
function basesFirst(records: readonly BlobRecord[]): BlobRecord[] {
  const waiting = new Map(records.map((record) => [idOf(record.name), record]));
  const ordered: BlobRecord[] = [];
  const place = (record: BlobRecord): void => {
    if (!waiting.delete(idOf(record.name))) return;
    const base = record.base && waiting.get(idOf(record.base));
    if (base) place(base);
    ordered.push(record);
  };
  for (const record of records) place(record);
  return ordered;
}

/** Copies records that the member lacks, their bases first; with `task` replace also those that it has in another encoding. */
async function copy(
  mirror: Mirror,
  member: UpMember,
  task: Task,
  kind: RecordKind,
  names: readonly Buffer[],
  signal: AbortSignal,
): Promise<void> {
  const unique = [...new Map(names.map((name) => [idOf(name), name])).values()];
  const there = await member.backend.statMany(kind, unique);
  const wanted = task === "put" ? unique.filter((_, at) => !there[at]) : unique;
  if (wanted.length === 0) return;
  const records = (await fetch(mirror, kind, wanted, signal)).filter((record) => record !== null);
  const own = new Set(records.map(({ name }) => idOf(name)));
  const bases = records.flatMap(({ base }) => (base === null || own.has(idOf(base)) ? [] : [base]));
  if (bases.length > 0) await copy(mirror, member, "put", kind, bases, signal);
  const known = new Map(unique.map((name, at) => [idOf(name), there[at]]));
  const changed = records.filter(
    (record) => known.get(idOf(record.name)) && differs(record, known.get(idOf(record.name))),
  );
  await member.backend.putMany(basesFirst(records));
  if (changed.length > 0) await member.backend.replaceMany(kind, changed);
  mirror.counts.delivered += records.length;
}

/** Delivers the first entries of the queue; false when there are none. Throws what member or sources throw: then they stay queued. */
export async function deliver(mirror: Mirror, member: UpMember, signal: AbortSignal): Promise<boolean> {
  const entries = await member.ledger.take(BATCH_RECORDS, BATCH_BYTES);
  if (entries.length === 0) return false;
  const lost = counterOf(member.backend, "records-lost");
  // Until its next flush a member may still give out what was replaced.
  if (entries.some(({ task }) => task === "replace"))
    for (const { backend } of upMembers(mirror)) await backend.flush();
  for (const run of runsOf(entries)) {
    signal.throwIfAborted();
    const { task, kind } = run[0]!;
    const names = run.map(({ name }) => name);
    if (task === "remove") await member.backend.removeMany(kind, names);
    else await copy(mirror, member, task, kind, names, signal);
  }
  await member.backend.flush();
  if (counterOf(member.backend, "records-lost") !== lost)
    throw new BackendUnavailableError(`${member.backend.description} lost records that it had accepted`);
  await member.ledger.drop(entries);
  return true;
}
