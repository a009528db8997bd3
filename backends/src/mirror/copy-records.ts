/** Copies records from members that have them to one that lacks them. */
import type { BlobRecord, RecordKind } from "@datadb/protocol";
import { countUploaded } from "../traffic.ts";
import type { Task } from "./ledger.ts";
import { isCold, type Mirror, type UpMember } from "./mirror.ts";
import { differs } from "./missed-by.ts";
import { readFrom } from "./read-from.ts";

/** From whom to whom. */
export interface Copying {
  readonly mirror: Mirror;
  readonly member: UpMember;
  readonly sources: readonly UpMember[];
  readonly signal?: AbortSignal | undefined;
}

function idOf(name: Buffer): string {
  return name.toString("latin1");
}

/** What was removed meanwhile is null; so is what all of them have damaged, with a warning. */
async function fetch(
  { mirror, sources, signal }: Copying,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<(BlobRecord | null)[]> {
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
    if (isCold(error)) throw error;
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
export async function copyRecords(
  copying: Copying,
  task: Task,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<void> {
  const { mirror, member } = copying;
  const unique = [...new Map(names.map((name) => [idOf(name), name])).values()];
  const there = await member.backend.statMany(kind, unique);
  const wanted = task === "put" ? unique.filter((_, at) => !there[at]) : unique;
  if (wanted.length === 0) return;
  const records = (await fetch(copying, kind, wanted)).filter((record) => record !== null);
  const own = new Set(records.map(({ name }) => idOf(name)));
  const bases = records.flatMap(({ base }) => (base === null || own.has(idOf(base)) ? [] : [base]));
  if (bases.length > 0) await copyRecords(copying, "put", kind, bases);
  const known = new Map(unique.map((name, at) => [idOf(name), there[at]]));
  const changed = records.filter(
    (record) => known.get(idOf(record.name)) && differs(record, known.get(idOf(record.name))),
  );
  await member.backend.putMany(basesFirst(records));
  if (changed.length > 0) await member.backend.replaceMany(kind, changed);
  countUploaded(member.traffic, records);
  mirror.counts.delivered += records.length;
}
