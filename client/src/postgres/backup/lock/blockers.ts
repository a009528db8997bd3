/** Who holds the locks that a session waits for. */
import { DatabaseBusyError } from "@datadb/protocol";
import type { Session } from "../../connect/session.ts";

interface BlockerRow {
  /** 0: a prepared transaction, which needs no session to hold its locks. */
  pid: number;
  /** What was prepared, where it is one. */
  prepared: string | null;
  user: string | null;
  application: string | null;
  state: string | null;
  query: string | null;
  /** What is waited for. */
  table: string | null;
}

/** Between two looks. */
const WATCH_MS = 300;

/** What is shown of another session's command. */
const QUERY_LETTERS = 80;

/** Sessions that the backends `pids` wait for, as text; empty when they wait for none. */
async function blockersOf(session: Session, pids: readonly number[]): Promise<string> {
  const rows = await session.query<BlockerRow & Record<string, unknown>>(
    `SELECT DISTINCT b.pid, COALESCE(a.usename, p.owner) AS user, a.application_name AS application, a.state, a.query,
       p.gid AS prepared, l.relation::regclass::text AS table
     FROM pg_catalog.unnest($1::int[]) AS w (pid)
     CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)
     LEFT JOIN pg_catalog.pg_locks l ON l.pid = w.pid AND NOT l.granted
     LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
     LEFT JOIN (pg_catalog.pg_locks h JOIN pg_catalog.pg_locks x USING (virtualtransaction)
         JOIN pg_catalog.pg_prepared_xacts p ON x.locktype = 'transactionid' AND x.transactionid = p.transaction)
       ON b.pid = 0 AND h.pid IS NULL AND h.database = l.database AND h.relation = l.relation
     WHERE a.pid IS NOT NULL OR p.gid IS NOT NULL ORDER BY b.pid`,
    [pids],
  );
  return rows.map(describe).join(", ");
}

function describe({ pid, prepared, user, application, state, query, table }: BlockerRow): string {
  if (prepared !== null)
    return `${table ?? "a table"} is locked by the prepared transaction '${prepared}' (${user ?? ""})`;
  const by = [user ?? "", application ? `application ${application}` : "", state ?? ""].filter(
    (part) => part !== "",
  );
  const text = (query ?? "").replace(/\s+/g, " ").trim();
  const shown = text.length > QUERY_LETTERS ? `${text.slice(0, QUERY_LETTERS)}…` : text;
  return `${table ?? "a table"} is locked by session ${pid}${by.length > 0 ? ` (${by.join(", ")})` : ""}${shown === "" ? "" : `: ${shown}`}`;
}

/** Looks for blockers while `work` runs; `last` is who was seen last. `looked` is called after each look. */
export async function watchBlockers<T>(
  session: Session,
  pids: () => Promise<readonly number[]>,
  seen: { last: string },
  work: Promise<T>,
  looked: () => Promise<void> = async () => {},
): Promise<T> {
  let done = false;
  const watching = (async () => {
    while (!done) {
      await Promise.race([work, new Promise((resolve) => setTimeout(resolve, WATCH_MS).unref())]).catch(
        () => {},
      );
      if (done) return;
      const found = await pids()
        .then((waiting) => blockersOf(session, waiting))
        .catch(() => "");
      if (found !== "") seen.last = found;
      await looked().catch(() => {});
    }
  })();
  try {
    return await work;
  } finally {
    done = true;
    await watching;
  }
}

/**
 * As watchBlockers, for a program that has sessions with this application name: an error that says it got no lock names who has it. One of them
 * that waits for longer than `lockWait` milliseconds is told to give up: the limit of pg_dump is for locks of tables, and it waits without end
 * for a view whose definition somebody is changing.
 */
export async function namingBlockers<T>(
  session: Session,
  { applicationName, lockWait, what }: { applicationName: string; lockWait: number; what: string },
  work: Promise<T>,
): Promise<T> {
  const seen = { last: "" };
  const waitingSince = new Map<number, number>();
  let ended = false;
  const pids = async (): Promise<number[]> => {
    const rows = await session.query<{ pid: number; waits: boolean }>(
      `SELECT pid, wait_event_type IS NOT DISTINCT FROM 'Lock' AS waits
       FROM pg_catalog.pg_stat_activity WHERE application_name = $1`,
      [applicationName],
    );
    const now = performance.now();
    for (const { pid, waits } of rows) {
      if (!waits) waitingSince.delete(pid);
      else if (!waitingSince.has(pid)) waitingSince.set(pid, now);
    }
    return rows.map(({ pid }) => pid);
  };
  const giveUp = async (): Promise<void> => {
    const before = performance.now() - lockWait;
    const late = [...waitingSince].filter(([, since]) => since < before).map(([pid]) => pid);
    if (late.length === 0) return;
    ended = true;
    await session.query("SELECT pg_catalog.pg_cancel_backend(p) FROM pg_catalog.unnest($1::int[]) AS p", [
      late,
    ]);
  };
  try {
    return await watchBlockers(session, pids, seen, work, giveUp);
  } catch (error) {
    const by = seen.last === "" ? "" : `: ${seen.last}`;
    if (ended) {
      const seconds = Math.round(lockWait / 100) / 10;
      throw new DatabaseBusyError(`${what}: no lock within ${seconds} s${by}`, { cause: error });
    }
    if (!(error instanceof DatabaseBusyError) || by === "") throw error;
    throw new DatabaseBusyError(`${error.message}${by}`, { cause: error });
  }
}
