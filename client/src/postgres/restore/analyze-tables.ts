/** Statistics for the planner: nothing of a restore depends on them, and no other server is asked for rows. */
import type { DatadbError } from "@datadb/protocol";
import { sqlState } from "../connect/database-error.ts";
import type { Session } from "../connect/session.ts";
import { runOne } from "./run-script.ts";
import type { Task } from "./tasks.ts";

/** Partitions are analyzed with what they are parts of; what has foreign tables below it is not, but the partitions beside these are. */
const TABLES = `WITH RECURSIVE afar AS (
    SELECT i.inhparent AS oid FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS f ON f.oid = i.inhrelid AND f.relkind = 'f'
    UNION SELECT i.inhparent FROM afar JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = afar.oid
  )
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_inherits AS i ON c.relispartition AND i.inhrelid = c.oid
  WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND (NOT c.relispartition OR i.inhparent IN (SELECT oid FROM afar)) AND c.oid NOT IN (SELECT oid FROM afar)
  ORDER BY c.relpages DESC`;

const LARGEST = 8;
const AT_ONCE = 40;

/** `onWarning`: told of each table for which the server says no, as its functions may. */
export async function analyzeTasks(session: Session, onWarning: (text: string) => void): Promise<Task[]> {
  const names = (await session.query<{ name: string }>(TABLES)).map(({ name }) => name);
  // The largest alone, the others together.
  const parts = names.slice(0, LARGEST).map((name) => [name]);
  for (let at = LARGEST; at < names.length; at += AT_ONCE) parts.push(names.slice(at, at + AT_ONCE));
  return parts.map((part) => ({
    label: part[0]!,
    tables: [],
    shared: true,
    run: (worker) => analyze(worker, part, onWarning),
  }));
}

/** One table inside of a transaction, which goes on whatever the server says. */
export async function analyzeInside(
  session: Session,
  name: string,
  onWarning: (text: string) => void,
): Promise<void> {
  await session.query("SAVEPOINT datadb_analyze");
  await analyze(session, [name], async (text) => {
    onWarning(text);
    await session.query("ROLLBACK TO SAVEPOINT datadb_analyze");
  });
  await session.query("RELEASE SAVEPOINT datadb_analyze");
}

async function analyze(
  session: Session,
  names: readonly string[],
  onWarning: (text: string) => void | Promise<void>,
): Promise<void> {
  try {
    await runOne(session, `ANALYZE ${names.join(", ")}`);
  } catch (error) {
    const { code, cause, message } = error as DatadbError;
    if (code === "DATABASE_UNREACHABLE" || sqlState(cause ?? {}) === undefined) throw error;
    if (names.length === 1) await onWarning(`no statistics for ${names[0]}: ${message}`);
    else for (const name of names) await analyze(session, [name], onWarning);
  }
}
