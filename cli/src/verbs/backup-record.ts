/** A backup as --json shows it. Programs rely on these names: add, never rename. */
import type { Backup } from "@datadb/client";

export function backupRecord(backup: Backup): Record<string, unknown> {
  const { id, snapshot, name, host, path, source, time, size, entries, complete, lost, meta, tags } = backup;
  return {
    type: "backup",
    id,
    snapshot,
    name,
    host,
    path,
    source,
    time,
    size,
    entries,
    complete,
    // Only where there is a loss: nobody should have to look for what hardly ever is.
    ...(lost.length > 0 ? { lost } : {}),
    meta,
    tags,
  };
}
