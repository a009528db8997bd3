/** What one member has and another lacks, or has otherwise. */
import type { RecordKind } from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import type { Missed } from "./ledger.ts";
import type { UpMember } from "./mirror.ts";

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
