/** The session beside the database that is restored: it makes, renames and drops databases. */
import { DatabaseBusyError, type DatadbError } from "@datadb/protocol";
import type { Session } from "../../connect/session.ts";
import { type PostgresTarget, targetDatabase } from "../../connect/target.ts";
import type { RestoreRun } from "../restore-run.ts";
import { APPLICATION_NAME, openRestoreSession } from "../restore-session.ts";
import { quoteName } from "../script/object-name.ts";
import { dropSubscriptions, subscriptionsOf } from "./subscriptions.ts";
import { restoreLockKey } from "./temporary-name.ts";

/** As PostgreSQL's own programs choose them. */
const DATABASES = ["postgres", "template1"];
/** A server that lost a process recovers within this time. */
const RECOVERY_MS = 30_000;
const RETRY_MS = 250;

/** Connected to another database than the target's where this user may, else to that. Throws what the first of them said, or what all would. */
export async function openMaintenance(target: PostgresTarget): Promise<Session> {
  let first: unknown;
  for (const database of [...DATABASES.filter((name) => name !== target.database), target.database]) {
    try {
      return await openRestoreSession(targetDatabase(target, database), { durable: true });
    } catch (error) {
      first ??= error;
      // Another database of the server would not do better.
      if (["DATABASE_UNREACHABLE", "USAGE"].includes((error as DatadbError).code)) throw error;
    }
  }
  throw first;
}

/** The same, waiting for a server that recovers. */
async function reopenMaintenance(target: PostgresTarget): Promise<Session> {
  for (const end = Date.now() + RECOVERY_MS; ; ) {
    try {
      return await openMaintenance(target);
    } catch (error) {
      if ((error as DatadbError).code !== "DATABASE_UNREACHABLE" || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Held until the session ends; parts may be restored beside each other. Throws DATABASE_BUSY when another restore is in the way. */
export async function lockRestore(session: Session, database: string, shared: boolean): Promise<void> {
  const [row] = await session.query<{ locked: boolean }>(
    `SELECT pg_catalog.pg_try_advisory_lock${shared ? "_shared" : ""}($1::bigint) AS locked`,
    [restoreLockKey(database)],
  );
  if (row!.locked) return;
  throw new DatabaseBusyError(`another restore into ${database} is running`, "wait until it is done");
}

/**
 * The session that has the lock of a restore; another one where it was lost: what was restored meanwhile is not lost with it. Throws
 * DATABASE_BUSY when another restore has begun since.
 */
export async function heldMaintenance(run: RestoreRun): Promise<Session> {
  try {
    await run.maintenance.query("SELECT");
    return run.maintenance;
  } catch {
    return await lockAgain(run);
  }
}

/** The server may not have noticed yet that the session before, which has the lock, is gone. */
const RELOCK_MS = 5000;

/** Waits for a server that recovers. From then on it is the run's session. */
export async function lockAgain(run: RestoreRun): Promise<Session> {
  const session = await reopenMaintenance(run.target);
  for (const end = Date.now() + RELOCK_MS; ; ) {
    try {
      await lockRestore(session, run.target.database, false);
      break;
    } catch (error) {
      if ((error as DatadbError).code === "DATABASE_BUSY" && Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      await session.end();
      throw error;
    }
  }
  run.maintenance = session;
  return session;
}

/** What a restore has not finished, with the subscriptions that it made. */
export async function dropUnfinished(session: Session, name: string): Promise<void> {
  if ((await subscriptionsOf(session, name)).length > 0) {
    const inside = await openRestoreSession(targetDatabase(session.target, name));
    await dropSubscriptions(inside).finally(() => inside.end());
  }
  await dropDatabase(session, name);
}

export async function dropDatabase(session: Session, name: string): Promise<void> {
  const [template] = await session.query(
    "SELECT FROM pg_catalog.pg_database WHERE datname = $1 AND datistemplate",
    [name],
  );
  if (template !== undefined) await session.query(`ALTER DATABASE ${quoteName(name)} IS_TEMPLATE false`);
  if (session.server.versionNumber >= 130000) {
    await session.query(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`);
    return;
  }
  await session.query(
    "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = $1",
    [name],
  );
  await session.query(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
}

/** Ends what a killed restore has left working in a database: its locks would make others wait. */
export async function endLeftSessions(session: Session, database: string): Promise<void> {
  await session.query(
    `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
     WHERE datname = $1 AND application_name = $2 AND pid <> pg_catalog.pg_backend_pid()`,
    [database, APPLICATION_NAME],
  );
}

/** Ends backends of this user, whatever they do. Never rejects: what is gone needs no end. */
export async function terminate(target: PostgresTarget, pids: readonly number[]): Promise<void> {
  if (pids.length === 0) return;
  try {
    const session = await openRestoreSession(target);
    await session.query("SELECT pg_catalog.pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", [
      [...pids],
    ]);
    await session.end();
  } catch {
    // The server is gone, and they with it.
  }
}
