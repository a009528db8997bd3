/** All listed backups in order of time, from the reserved keys. */
import type { View } from "../../database.ts";
import { listRange, RESERVED_DATABASE, RESERVED_KEYS, setMembers } from "../../keyspace/index.ts";

export interface ListedBackup {
  /** Both as hex. */
  backup: Buffer;
  snapshot: Buffer;
  /** Milliseconds since 1970. */
  time: bigint;
}

/** Newest first; of one snapshot (hex) when it is given; at most `limit`. */
export async function listBackupIds(view: View, snapshot?: Buffer, limit?: number): Promise<ListedBackup[]> {
  const snapshots =
    snapshot === undefined ? await setMembers(view, RESERVED_DATABASE, RESERVED_KEYS.snapshots) : [snapshot];
  const found: ListedBackup[] = [];
  for (const one of snapshots) {
    const range = limit === undefined ? { reverse: true } : { reverse: true, limit };
    for (const [time, backup] of await listRange(view, RESERVED_DATABASE, one, range))
      found.push({ backup, snapshot: one, time });
  }
  found.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : Buffer.compare(a.backup, b.backup)));
  return limit === undefined ? found : found.slice(0, limit);
}
