/** Subscriptions of a database: the server drops none that has one, and they write into its tables. */
import type { Session } from "../../connect/session.ts";
import { quoteName } from "../script/object-name.ts";

export async function subscriptionsOf(session: Session, database: string): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT s.subname AS name FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
     WHERE d.datname = $1 ORDER BY 1`,
    [database],
  );
  return rows.map(({ name }) => name);
}

/** Drops those of the session's database, which a restore has made: they were never connected, and no publisher knows of them. */
export async function dropSubscriptions(session: Session): Promise<void> {
  for (const name of await subscriptionsOf(session, session.target.database)) {
    const quoted = quoteName(name);
    await session.query(`ALTER SUBSCRIPTION ${quoted} DISABLE`);
    await session.query(`ALTER SUBSCRIPTION ${quoted} SET (slot_name = NONE)`);
    await session.query(`DROP SUBSCRIPTION ${quoted}`);
  }
}
