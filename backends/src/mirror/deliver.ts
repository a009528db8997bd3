/** Gives a member what it missed, in the order in which it missed it. */
import { BackendUnavailableError } from "@datadb/protocol";
import { counterOf } from "../counter-of.ts";
import { copyRecords } from "./copy-records.ts";
import type { Queued } from "./ledger.ts";
import { allDown, type Mirror, type UpMember, upMembers } from "./mirror.ts";

const BATCH_RECORDS = 1024;
const BATCH_BYTES: number = 8 * 1024 * 1024;

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

/** Delivers the first entries of the queue; false when there are none. Throws what member or sources throw: then they stay queued. */
export async function deliver(mirror: Mirror, member: UpMember, signal: AbortSignal): Promise<boolean> {
  const entries = await member.ledger.take(BATCH_RECORDS, BATCH_BYTES);
  if (entries.length === 0) return false;
  const sources = upMembers(mirror);
  if (sources.length === 0) throw allDown(mirror);
  const lost = counterOf(member.backend, "records-lost");
  // Until its next flush a member may still give out what was replaced.
  if (entries.some(({ task }) => task === "replace"))
    for (const { backend } of sources) await backend.flush();
  for (const run of runsOf(entries)) {
    signal.throwIfAborted();
    const { task, kind } = run[0]!;
    const names = run.map(({ name }) => name);
    if (task === "remove") await member.backend.removeMany(kind, names);
    else await copyRecords({ mirror, member, sources, signal }, task, kind, names);
  }
  await member.backend.flush();
  if (counterOf(member.backend, "records-lost") !== lost)
    throw new BackendUnavailableError(`${member.backend.description} lost records that it had accepted`);
  await member.ledger.drop(entries);
  return true;
}
