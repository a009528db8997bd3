/** A member that is up lacks what another has: it is given it, and is not up until it has it. */
import type { RecordKind } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { markChanging } from "./change-members.ts";
import type { Missed } from "./ledger.ts";
import { demote, isOutage, type Mirror, type UpMember } from "./mirror.ts";

/** Whether `given` is not what `wanted` is; the encoding is part of it, since bases must be the same everywhere. */
export function differs(
  wanted: Pick<RecordInfo, "encoding" | "base">,
  given: Pick<RecordInfo, "encoding" | "base"> | null | undefined,
): boolean {
  if (!given || given.encoding !== wanted.encoding) return true;
  return wanted.base === null ? given.base !== null : given.base === null || !wanted.base.equals(given.base);
}

/** Which of `names` the one member lacks, or has otherwise, that the other has. */
export async function missedBy(
  kind: RecordKind,
  names: readonly Buffer[],
  lacking: UpMember,
  having: UpMember,
): Promise<Missed[]> {
  const [has, lacks] = await Promise.all([
    having.backend.statMany(kind, names),
    lacking.backend.statMany(kind, names),
  ]);
  return names.flatMap((name, at): Missed[] => {
    const wanted = has[at];
    if (!wanted || !differs(wanted, lacks[at])) return [];
    const task = lacks[at] ? "replace" : "put";
    return [{ task, kind, name: Buffer.from(name), bytes: wanted.payloadLength }];
  });
}

/** Looks again while no change is on its way, and queues what is really missing. Resolves with how many that are. */
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
    await lacking.backend
      .setAside(
        kind,
        missed.filter(({ task }) => task === "put").map(({ name }) => name),
      )
      .catch(() => []);
    await demote(mirror, lacking, `it lacks ${missed.length} records that others have`, "behind");
    await lacking.ledger.add(missed);
    lacking.wake();
    return missed.length;
  });
}
