/** Changes the tags of a backup. */
import { NotFoundError, ReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Backup } from "../list/backup.ts";

export interface TagChange {
  /** Replaces all tags, before the two others apply. */
  set?: readonly string[];
  add?: readonly string[];
  remove?: readonly string[];
}

/**
 * Needs the right admin. Tags keep their order and are never there twice.
 *
 * @returns the tags that the backup has now.
 * @throws NotFoundError when the backup is gone.
 * @example
 * await tag(connection, backup, { add: ["before-upgrade"], remove: ["old"] });
 */
export async function tag(connection: Connection, backup: Backup, change: TagChange): Promise<string[]> {
  const removed = new Set(change.remove);
  const tags = [...new Set([...(change.set ?? backup.tags), ...(change.add ?? [])])].filter(
    (one) => !removed.has(one),
  );
  try {
    await connection.call("TAG", backup.id, JSON.stringify(tags));
  } catch (error) {
    if (error instanceof ReplyError && error.kind === "NOTFOUND") {
      throw new NotFoundError(`there is no backup ${backup.id} any more`, { cause: error });
    }
    throw error;
  }
  return tags;
}
