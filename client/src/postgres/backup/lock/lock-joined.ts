/** Looks at the SQL of --where before any row is read, and locks the tables that it joins. */
import { DatabaseBusyError, DatabaseFailedError, DatabaseForbiddenError } from "@datadb/protocol";
import type { Session } from "../../connect/session.ts";
import { explainQuery, qualified } from "../read/copy-query.ts";
import type { TableToRead } from "../read/table-to-read.ts";

/** A plan waits no longer for a lock that the session which came first has: who wants the table alone may stand between. */
const PLAN_WAIT_MS = 1000;

/**
 * In a transaction, whose locks they become: a joined table that somebody emptied after the snapshot would choose no row any more. The tables
 * themselves are not locked here. `patient`: waits as long as the session's lock_timeout says; else hardly at all.
 * Throws DATABASE_BUSY for locks, DATABASE_FORBIDDEN and DATABASE_FAILED naming the table for SQL that the server refuses.
 */
export async function lockJoined(
  session: Session,
  tables: readonly TableToRead[],
  patient: boolean,
): Promise<void> {
  for (const table of tables) {
    if (table.filter === null) continue;
    await session.query("SAVEPOINT datadb_joined");
    const joined = await joinedTables(session, table, patient);
    // With the locks of the plan goes that of the table itself, which must be given back as soon as it is read.
    await session.query("ROLLBACK TO SAVEPOINT datadb_joined; RELEASE SAVEPOINT datadb_joined");
    if (joined.length === 0) continue;
    const names = joined.map((one) => `ONLY ${qualified(one)}`).join(", ");
    await session.query(`LOCK TABLE ${names} IN ACCESS SHARE MODE${patient ? "" : " NOWAIT"}`);
  }
}

async function joinedTables(
  session: Session,
  table: TableToRead,
  patient: boolean,
): Promise<{ schema: string; name: string }[]> {
  await session.query(`SET LOCAL search_path = ${table.searchPath === "" ? "''" : table.searchPath}`);
  if (!patient) await session.query(`SET LOCAL lock_timeout = ${PLAN_WAIT_MS}`);
  try {
    await session.query(explainQuery({ ...table, format: "text" }));
  } catch (error) {
    if (error instanceof DatabaseBusyError) throw error;
    const { label } = session.target;
    const said = (error as Error).message.replace(`${label}: `, "");
    const what = `${label}: --where of ${table.schema}.${table.name}: ${said}; nothing was backed up`;
    if (error instanceof DatabaseForbiddenError) throw new DatabaseForbiddenError(what, { cause: error });
    throw new DatabaseFailedError(what, {
      cause: error,
      next: "correct the SQL after TABLE=: a condition, WHERE ..., or INNER JOIN ... WHERE ...; the table is called t in it",
    });
  }
  // What is behind a view may be its owner's alone: the view then stands for it.
  return await session.query(
    `SELECT DISTINCT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_locks AS l
     JOIN pg_catalog.pg_class AS c ON c.oid = l.relation JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.mode = 'AccessShareLock'
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
       AND c.relkind IN ('r', 'p', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
       AND c.oid <> $1::float8::int8::oid AND pg_catalog.has_table_privilege(c.oid, 'SELECT') ORDER BY 1, 2`,
    [table.oid],
  );
}
