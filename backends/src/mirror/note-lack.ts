/** A member that is up lacks what another has: it is given it. */
import type { RecordKind } from "@datadb/protocol";
import { markChanging } from "./change-members.ts";
import { copyRecords } from "./copy-records.ts";
import type { Missed } from "./ledger.ts";
import { demote, isOutage, type Mirror, type UpMember, upMembers } from "./mirror.ts";
import { missedBy } from "./missed-by.ts";

const BATCH_BYTES: number = 8 * 1024 * 1024;

/** Into the queue of the member, which is not up until it has them. */
async function queueFor(mirror: Mirror, lacking: UpMember, missed: readonly Missed[]): Promise<void> {
  await demote(
    mirror,
    lacking,
    `it lacks ${missed.length} ${missed.length === 1 ? "record that another has" : "records that others have"}`,
    "behind",
  );
  await lacking.ledger.add(missed);
  lacking.wake();
}

/** At once, since there is nobody else who is up. */
async function copyNow(
  mirror: Mirror,
  [lacking, having]: [UpMember, UpMember],
  missed: readonly Missed[],
): Promise<void> {
  const copying = { mirror, member: lacking, sources: [having] };
  let [batch, bytes]: [Missed[], number] = [[], 0];
  const copyBatch = async (): Promise<void> => {
    const [first] = batch;
    if (first === undefined) return;
    const names = batch.map(({ name }) => name);
    await copyRecords(copying, "replace", first.kind, names);
    lacking.unflushed.push(...batch);
    [batch, bytes] = [[], 0];
  };
  for (const one of missed) {
    if (bytes + one.bytes > BATCH_BYTES) await copyBatch();
    batch.push(one);
    bytes += one.bytes;
  }
  await copyBatch();
}

/** Looks again while no change is on its way, and gives the one what it really lacks, all of one kind. Resolves with how many that are. */
export function noteLack(
  mirror: Mirror,
  kind: RecordKind,
  names: readonly Buffer[],
  lacking: UpMember,
  having: UpMember,
): Promise<number> {
  return mirror.gate.exclusive(async () => {
    if (mirror.readOnly || mirror.closed) return 0;
    try {
      // Until its next flush a member may still show what was replaced.
      for (const { backend } of [having, lacking]) await backend.flush();
    } catch (error) {
      // Its next flush by the mirror notices what it has lost.
      if (isOutage(error)) return 0;
      throw error;
    }
    const missed = await missedBy(kind, names, lacking, having);
    if (missed.length === 0) return 0;
    await markChanging(mirror);
    // What it lacks it may have had, and found to be damaged.
    const absent = missed.filter(({ task }) => task === "put").map(({ name }) => name);
    await lacking.backend.setAside(kind, absent).catch(() => []);
    for (const other of mirror.members)
      if (other.state !== "up" && other !== lacking && other !== having) await other.ledger.add(missed);
    if (lacking.state !== "up" || upMembers(mirror).length > 1) await queueFor(mirror, lacking, missed);
    else await copyNow(mirror, [lacking, having], missed);
    return missed.length;
  });
}
