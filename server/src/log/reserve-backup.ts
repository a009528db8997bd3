/** Times of backups: the server's clock, strictly increasing within a snapshot; or, for a copy, the time that it has elsewhere. */
import {
  backupId,
  formatTimestamp,
  type HashAlgorithm,
  parseTimestamp,
  ReplyError,
  snapshotId,
} from "@datadb/protocol";
import type { BackupReservation, View } from "../database.ts";
import { hexName } from "../keyspace/apply/apply-backup.ts";
import { hashGet } from "../keyspace/read-hash.ts";
import { listRange } from "../keyspace/read-list.ts";
import { RESERVED_DATABASE } from "../keyspace/reserved-database.ts";

/** Reservations that lie in the past are forgotten when there are this many. */
const MANY = 1000;
/** Clocks of two machines differ; one that is wrong by more would put a series' newest backup out of reach of the next. */
const MOST_AHEAD_MS = 24 * 3600 * 1000;

const REF = Buffer.from("ref");

/** The backup of this id is another one. */
function taken(timestamp: string): ReplyError {
  return new ReplyError(
    `EXISTS the snapshot has another backup of ${timestamp}; remove that one first if it is not needed`,
  );
}

/** The reserveBackup of a store. */
export function createReservations(
  view: View,
  hash: HashAlgorithm,
  now: () => number,
): (host: Buffer, path: Buffer, copy?: { timestamp: string; ref: Buffer }) => Promise<BackupReservation> {
  const reserved = new Map<string, number>();

  function remember(id: string, time: number, clock: number): void {
    if (reserved.size >= MANY) for (const [key, past] of reserved) if (past < clock) reserved.delete(key);
    reserved.set(id, Math.max(time, reserved.get(id) ?? -1));
  }

  return async (host, path, copy) => {
    const snapshot = snapshotId(hash, host, path);
    const id = snapshot.toString("latin1");
    if (copy !== undefined) {
      const { timestamp, ref } = copy;
      const time = parseTimestamp(timestamp);
      if (time === undefined)
        throw new ReplyError("ERR ts is a time such as 2026-11-21T09:12:11.000Z, with milliseconds");
      const clock = now();
      if (time > clock + MOST_AHEAD_MS)
        throw new ReplyError(
          `ERR ${timestamp} is in the future; the server's clock says ${formatTimestamp(clock)}`,
        );
      const backup = backupId(hash, host, path, timestamp);
      const other = hashGet(view, RESERVED_DATABASE, hexName(backup), REF);
      if (other !== null && !other.equals(hexName(ref))) throw taken(timestamp);
      remember(id, time, clock);
      return { snapshot, timestamp, backup };
    }
    const listed = await listRange(view, RESERVED_DATABASE, hexName(snapshot), { reverse: true, limit: 1 });
    // From here on nothing waits: two reservations of one snapshot cannot get the same time.
    const last = Math.max(Number(listed[0]?.[0] ?? -1n), reserved.get(id) ?? -1);
    const clock = now();
    const time = Math.max(clock, last + 1);
    remember(id, time, clock);
    const timestamp = formatTimestamp(time);
    return { snapshot, timestamp, backup: backupId(hash, host, path, timestamp) };
  };
}
