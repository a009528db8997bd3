/** Removes a backup from its series. */
import { NotFoundError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { forgetBackups } from "../forget/forget.ts";

/**
 * Needs the right admin. What only this backup used stays in the store until garbage collection. In a transaction, which a new
 * connection takes up by its id: so it is known what happened, also when the first one is cut off.
 *
 * @throws NotFoundError when there is no such backup.
 * @example
 * await removeBackup(connection, await resolveSelector(connection, parseSelector("app@2025")));
 */
export async function removeBackup(connection: Connection, backup: { id: string }): Promise<void> {
  if ((await forgetBackups(connection, [backup])) === 0)
    throw new NotFoundError(`there is no backup ${backup.id}`);
}
