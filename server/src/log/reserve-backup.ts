/** Times of backups: the server's clock, strictly increasing within a snapshot. */
import { backupId, formatTimestamp, type HashAlgorithm, snapshotId } from "@datadb/protocol";
import type { BackupReservation, View } from "../database.ts";
import { hexName } from "../keyspace/apply/apply-backup.ts";
import { listRange } from "../keyspace/read-list.ts";
import { RESERVED_DATABASE } from "../keyspace/reserved-database.ts";

/** Reservations that lie in the past are forgotten when there are this many. */
const MANY = 1000;

/** The reserveBackup of a store. */
export function createReservations(
  view: View,
  hash: HashAlgorithm,
  now: () => number,
): (host: Buffer, path: Buffer) => Promise<BackupReservation> {
  const reserved = new Map<string, number>();
  return async (host, path) => {
    const snapshot = snapshotId(hash, host, path);
    const listed = await listRange(view, RESERVED_DATABASE, hexName(snapshot), { reverse: true, limit: 1 });
    // From here on nothing waits: two reservations of one snapshot cannot get the same time.
    const id = snapshot.toString("latin1");
    const last = Math.max(Number(listed[0]?.[0] ?? -1n), reserved.get(id) ?? -1);
    const clock = now();
    const time = Math.max(clock, last + 1);
    if (reserved.size >= MANY) for (const [key, past] of reserved) if (past < clock) reserved.delete(key);
    reserved.set(id, time);
    const timestamp = formatTimestamp(time);
    return { snapshot, timestamp, backup: backupId(hash, host, path, timestamp) };
  };
}
