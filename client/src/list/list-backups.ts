/** Lists backups. */
import type { Connection } from "../connection.ts";
import type { Backup } from "./backup.ts";
import { backupMaps } from "./backup-maps.ts";
import { readBackup } from "./read-backup.ts";

export interface BackupFilter {
  /** Id of a series, hex. */
  snapshot?: string;
  host?: string;
  name?: string;
  path?: string;
  /** Every one of these tags. */
  tags?: readonly string[];
  /** At most so many, the newest. */
  limit?: number;
}

/**
 * Backups that match, newest first.
 *
 * @example
 * for (const { name, time, size } of await listBackups(connection, { host: "web1" })) console.log(time, name, size);
 */
export async function listBackups(connection: Connection, filter: BackupFilter = {}): Promise<Backup[]> {
  const { snapshot, host, name, path, tags = [], limit } = filter;
  const args: (string | number)[] = [];
  if (snapshot !== undefined) args.push("SNAPSHOT", snapshot);
  if (host !== undefined) args.push("HOST", host);
  // The server knows series and hosts; what it cannot filter is counted here.
  const here = name !== undefined || path !== undefined || tags.length > 0;
  if (limit !== undefined && !here) args.push("LIMIT", limit);
  const all = backupMaps(await connection.call("BACKUPS", ...args)).map(readBackup);
  const matching = all.filter(
    (backup) =>
      (name === undefined || backup.name === name) &&
      (path === undefined || backup.path === path) &&
      tags.every((tag) => backup.tags.includes(tag)),
  );
  return limit === undefined ? matching : matching.slice(0, limit);
}
