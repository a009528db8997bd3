/** The locks of a session, each above a savepoint: rolling back to one gives up the locks that were taken after it. */
import { DatabaseChangedError } from "@datadb/protocol";
import { sqlState } from "../../connect/database-error.ts";
import type { Session } from "../../connect/session.ts";
import { qualified } from "../read/copy-query.ts";

/** Anything that can be locked. */
export interface Lockable {
  oid: number;
  schema: string;
  name: string;
}

export const LOCKS_AT_ONCE = 200;
/** SQLSTATE of a lock that was not to be had. */
export const NO_LOCK = "55P03";

const savepoint = ({ oid }: Lockable): string => `table_${oid}`;

const lockOf = (table: Lockable): string =>
  `SAVEPOINT ${savepoint(table)}; LOCK TABLE ONLY ${qualified(table)} IN ACCESS SHARE MODE`;

/**
 * Locks the tables, the first one on top, without waiting. Returns those that could not be locked: somebody waits for them already, and
 * nobody new is let in before.
 */
export async function stackLocks<Table extends Lockable>(
  session: Session,
  tables: readonly Table[],
): Promise<Table[]> {
  const waitedFor: Table[] = [];
  const order = [...tables].reverse();
  for (let from = 0; from < order.length; from += LOCKS_AT_ONCE) {
    const some = order.slice(from, from + LOCKS_AT_ONCE);
    if (await lockNow(session, some)) continue;
    for (const table of some) if (!(await lockNow(session, [table]))) waitedFor.unshift(table);
  }
  return waitedFor;
}

/** All or none. */
async function lockNow(session: Session, tables: readonly Lockable[]): Promise<boolean> {
  try {
    await session.query(tables.map((table) => `${lockOf(table)} NOWAIT`).join("; "));
    return true;
  } catch (error) {
    if (sqlState((error as Error).cause) !== NO_LOCK) throw error;
    await giveUp(session, tables[0]!);
    return false;
  }
}

/** The lock of this table, and all that were taken after it. */
async function giveUp(session: Session, table: Lockable): Promise<void> {
  await session.query(`ROLLBACK TO SAVEPOINT ${savepoint(table)}; RELEASE SAVEPOINT ${savepoint(table)}`);
}

/**
 * Locks, on top of the others, tables that somebody has had meanwhile, and looks whether they are what the snapshot shows. `patience`: ms
 * for each. `now`: a session without a snapshot. Throws DATABASE_BUSY, DATABASE_CHANGED.
 */
export async function stackAwaited(
  session: Session,
  now: Session,
  tables: readonly Lockable[],
  patience: number,
): Promise<void> {
  const known = await definitionsOf(session, tables);
  for (const table of [...tables].reverse())
    await session.query(`SET LOCAL lock_timeout = ${Math.round(patience)}; ${lockOf(table)}`);
  const found = await definitionsOf(now, tables);
  const changed = tables.find(({ oid }) => known.get(oid) !== found.get(oid));
  if (changed !== undefined)
    throw new DatabaseChangedError(
      `${session.target.label}: ${changed.schema}.${changed.name} was changed while it was locked`,
    );
}

/** What tells whether a table is another one than before: its file, and the versions of what describes it and its columns. */
async function definitionsOf(session: Session, tables: readonly Lockable[]): Promise<Map<number, string>> {
  const rows = await session.query<{ oid: number; is: string }>(
    `SELECT c.oid::int8::float8 AS oid, pg_catalog.concat_ws(' ', c.relfilenode, c.xmin,
       (SELECT pg_catalog.string_agg(a.attnum || ':' || a.xmin, ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid)) AS is
     FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])`,
    [tables.map(({ oid }) => oid)],
  );
  return new Map(rows.map(({ oid, is }) => [oid, is]));
}

/** Gives up the locks of all tables before an index. Never rejects. */
export function releaser(session: Session, tables: readonly Lockable[]): (index: number) => Promise<void> {
  let released = 0;
  return async (index) => {
    if (index <= released || index > tables.length) return;
    released = index;
    // A lost connection is noticed by who reads; its locks are gone anyway.
    await giveUp(session, tables[index - 1]!).catch(() => {});
  };
}
