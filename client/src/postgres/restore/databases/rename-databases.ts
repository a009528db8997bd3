/** Renames databases at the end of a restore: hours of work must not be lost to somebody who looks at them for a moment. */
import { DatabaseBusyError } from "@datadb/protocol";
import type { Session } from "../../connect/session.ts";

export interface RenameOptions {
  /** They have a temporary name: whoever is connected to them is sent away. */
  own: readonly string[];
  /** Whoever is connected to them is waited for. */
  others: readonly string[];
  /** For the error, when somebody stays. */
  next: string;
  note(text: string): void;
  signal?: AbortSignal | undefined;
  /** Milliseconds, all tries together. */
  patience?: number;
}

/** A monitor's look is over by then. Each try waits for five seconds at the server, where nobody else can connect meanwhile. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 250;
/** SQLSTATE of a database that somebody is connected to. */
const IN_USE = "55006";

/** Calls `rename` until nobody is connected to the databases. It must leave no transaction. Throws DATABASE_BUSY naming who is. */
export async function renameWhenFree(
  session: Session,
  rename: () => Promise<void>,
  { own, others, next, note, signal, patience = PATIENCE_MS }: RenameOptions,
): Promise<void> {
  const until = performance.now() + patience;
  for (let isFirst = true; ; isFirst = false) {
    signal?.throwIfAborted();
    const visitors = await visitorsOf(session, own);
    // One statement each: this user may not end every one of them.
    for (const { pid } of visitors)
      await session.query("SELECT pg_catalog.pg_terminate_backend($1)", [pid]).catch(() => {});
    try {
      return await rename();
    } catch (error) {
      if ((error as { fields?: { sqlstate?: string } }).fields?.sqlstate !== IN_USE) throw error;
      const staying = await visitorsOf(session, [...own, ...others]);
      const who = staying.map(({ text }) => text).join(", ") || "a prepared transaction or another session";
      const message = `${session.target.label}: a database cannot be renamed while it is used: ${who}`;
      if (performance.now() >= until) throw new DatabaseBusyError(message, { cause: error, next });
      if (isFirst) note(`${message}; waiting`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function visitorsOf(
  session: Session,
  databases: readonly string[],
): Promise<{ pid: number; text: string }[]> {
  return await session.query<{ pid: number; text: string }>(
    `SELECT pid, pg_catalog.concat(datname, ' by session ', pid,
       ' (' || pg_catalog.concat_ws(', ', usename, 'application ' || NULLIF(application_name, '')) || ')') AS text
     FROM pg_catalog.pg_stat_activity
     WHERE datname = ANY ($1) AND pid <> pg_catalog.pg_backend_pid() AND COALESCE(backend_type, 'client backend') = 'client backend'
     ORDER BY pid`,
    [databases],
  );
}
