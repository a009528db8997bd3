/** The fields that a backup is listed with. */
import { decodeMeta } from "@datadb/protocol";
import { readablePath } from "../source/entry-path.ts";
import type { WalkReport } from "../source/walk-report.ts";
import type { Identity } from "./identity.ts";
import type { SnapshotOptions } from "./snapshot-options.ts";

/** Unreadable entries that a backup names; it counts all. */
const MAX_UNREADABLE = 100;

/** Values as the command takes them; null: the field is left out. */
export function backupFields(
  { name, source }: Identity,
  { meta, tags }: SnapshotOptions,
  { counts, problems, unreadable }: WalkReport,
  { root, entries, bytes, cache }: { root: Buffer; entries: number; bytes: number; cache: string | null },
): Record<string, string | number | null> {
  const named = problems.filter(({ kind }) => kind === "unreadable").slice(0, MAX_UNREADABLE);
  return {
    name,
    type: decodeMeta(root).type,
    source,
    complete: unreadable === 0 ? 1 : 0,
    size: bytes,
    entries,
    meta: meta && Object.keys(meta).length > 0 ? JSON.stringify(meta) : null,
    tags: tags && tags.length > 0 ? JSON.stringify(tags) : null,
    cache,
    unreadable: unreadable > 0 ? JSON.stringify(named.map(({ path }) => readablePath(path))) : null,
    "unreadable-count": unreadable > 0 ? unreadable : null,
    new: counts.new,
    changed: counts.changed,
    unchanged: counts.unchanged,
    read: counts.bytesRead,
  };
}
