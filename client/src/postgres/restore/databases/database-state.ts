/** What the server says of a database: whether it is there, and how it was made. */
import type { Session } from "../../connect/session.ts";

export interface DatabaseState {
  name: string;
  encoding: string;
  collate: string;
  ctype: string;
  /** Other sessions that are connected to it. */
  sessions: number;
}

/** Null when there is none of this name. */
export async function databaseState(session: Session, name: string): Promise<DatabaseState | null> {
  const [found] = await session.query<DatabaseState & Record<string, unknown>>(
    `SELECT d.datname AS name, pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
       (SELECT count(*)::int FROM pg_catalog.pg_stat_activity AS a
        WHERE a.datid = d.oid AND a.pid <> pg_catalog.pg_backend_pid() AND a.backend_type = 'client backend') AS sessions
     FROM pg_catalog.pg_database AS d WHERE d.datname = $1`,
    [name],
  );
  return found ?? null;
}

/** Whether this user may act as any other: the one who is connected, and the role that a setting may have put in its place. */
export async function isSuperuser(session: Session): Promise<boolean> {
  const [row] = await session.query<{ is: boolean }>(
    "SELECT pg_catalog.bool_and(rolsuper) AS is FROM pg_catalog.pg_roles WHERE rolname IN (session_user, current_user)",
  );
  return row!.is;
}

/** Whether this user may make and rename databases. */
export async function mayCreateDatabases(session: Session): Promise<boolean> {
  const [row] = await session.query<{ may: boolean }>(
    "SELECT rolsuper OR rolcreatedb AS may FROM pg_catalog.pg_roles WHERE rolname = current_user",
  );
  return row!.may;
}
