/** Everything that is known about one backup or one entry of it. */
import { type Meta, metaId } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Backup } from "../list/backup.ts";
import { findEntry } from "../tree/find-entry.ts";
import { nodeCache } from "../tree/node-cache.ts";

export interface ShownBackup {
  backup: Backup;
  /** The root, or the entry at the path. */
  entry: Meta;
  /** Id of the entry, hex; the root's is the backup's `ref`. */
  entryId: string;
}

/**
 * @throws NotFoundError when there is no such path.
 * @example
 * const { backup, entry } = await showBackup(connection, await resolveSelector(connection, parseSelector("app")));
 * console.log(backup.meta, entry.size);
 */
export async function showBackup(
  connection: Connection,
  backup: Backup,
  path: string | Buffer = "",
): Promise<ShownBackup> {
  const { hash } = await connection.facts();
  const entry = await findEntry(nodeCache(connection, hash).fetch, hash, backup.ref, path);
  return { backup, entry, entryId: metaId(hash, entry).toString("hex") };
}
