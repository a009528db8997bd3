/** Removes a backup from its series. */
import { NotFoundError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";

/**
 * Needs the right admin. What only this backup used stays in the store until garbage collection.
 *
 * @throws NotFoundError when there is no such backup.
 * @example
 * await removeBackup(connection, await resolveSelector(connection, parseSelector("app@2025")));
 */
export async function removeBackup(connection: Connection, backup: { id: string }): Promise<void> {
  const removed = await connection.call("FORGET", backup.id);
  if (Number(removed) === 0) throw new NotFoundError(`there is no backup ${backup.id}`);
}
