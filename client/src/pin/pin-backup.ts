/** Protects a backup from being removed. */
import { NotFoundError, ReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";

/**
 * A pinned backup is kept by every retention policy, and cannot be removed until it is unpinned. Needs the right admin.
 *
 * @returns whether it was not pinned before.
 * @throws NotFoundError when there is no such backup.
 */
export async function pinBackup(connection: Connection, backup: { id: string }): Promise<boolean> {
  return await change(connection, "PIN", backup.id);
}

/** Undoes pinBackup; returns whether it was pinned. Throws NotFoundError. */
export async function unpinBackup(connection: Connection, backup: { id: string }): Promise<boolean> {
  return await change(connection, "UNPIN", backup.id);
}

async function change(connection: Connection, command: "PIN" | "UNPIN", id: string): Promise<boolean> {
  try {
    return Number(await connection.call(command, id)) === 1;
  } catch (error) {
    if (error instanceof ReplyError && error.kind === "NOTFOUND")
      throw new NotFoundError(`there is no backup ${id} any more`, { cause: error });
    throw error;
  }
}
