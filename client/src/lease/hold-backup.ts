/** Keeps what a backup consists of while something is done with it, also when somebody removes the backup meanwhile. */
import { ReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";

/** Jobs under way on each connection: they share the session's lease, and the last one ends it. */
const jobs = new WeakMap<Connection, number>();

/** Ends the protection. Never rejects. */
export type EndHold = () => Promise<void>;

const nothing: EndHold = async () => {};

/** Takes the session's lease for a job that puts blobs. */
export async function holdLease(connection: Connection): Promise<EndHold> {
  return await hold(connection, []);
}

/**
 * Protects these backups until the function is called that it resolves with. One that is gone already is no error here: reading it will
 * say so.
 */
export async function holdBackups(
  connection: Connection,
  backups: readonly { id?: string }[],
): Promise<EndHold> {
  const ids = backups.flatMap(({ id }) => id ?? []);
  return ids.length === 0 ? nothing : await hold(connection, ids);
}

async function hold(connection: Connection, ids: readonly string[]): Promise<EndHold> {
  jobs.set(connection, (jobs.get(connection) ?? 0) + 1);
  let ended = false;
  const end = async (): Promise<void> => {
    if (ended) return;
    ended = true;
    const left = (jobs.get(connection) ?? 1) - 1;
    jobs.set(connection, left);
    // A connection that is gone leaves the lease to its time.
    if (left === 0) await connection.call("LEASE", "END").catch(() => undefined);
  };
  try {
    if (ids.length === 0) await connection.call("LEASE");
    for (const id of ids) {
      await connection.call("LEASE", "BACKUP", id).catch((error: unknown) => {
        if (!(error instanceof ReplyError)) throw error;
      });
    }
    return end;
  } catch (error) {
    await end();
    throw error;
  }
}
