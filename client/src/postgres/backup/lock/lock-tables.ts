/** Takes a snapshot of the database in which every chosen table is locked, and gives the locks back table by table. */
import { DatabaseBusyError, DatabaseChangedError } from "@datadb/protocol";
import { sqlState } from "../../connect/database-error.ts";
import type { Session } from "../../connect/session.ts";
import { qualified } from "../read/copy-query.ts";
import { watchBlockers } from "./blockers.ts";
import { LOCKS_AT_ONCE, type Lockable, NO_LOCK, releaser, stackAwaited, stackLocks } from "./lock-stack.ts";

export interface LockOptions<Table extends Lockable> {
  /** Has the snapshot, and the locks until they are released. */
  holder: Session;
  /** Locks first, then sees what happens outside of the snapshot. */
  watcher: Session;
  /** Milliseconds, all tries together. */
  timeout: number;
  /** The tables that a session sees and that are wanted, in the order in which they will be read. */
  choose(session: Session): Promise<Table[]>;
  note(text: string): void;
  signal: AbortSignal;
}

export interface LockedTables<Table extends Lockable> {
  /** Id of the exported snapshot: others may import it as long as the holder is there. */
  snapshot: string;
  /** The first transaction, as xid, that may have written what the snapshot does not show. */
  horizon: string;
  /** The write-ahead log's position, and the server's time (RFC 3339). */
  lsn: string;
  time: string;
  /** In the order in which they are to be read: those first that others wait for. */
  tables: Table[];
  /** The tables before this index are read: their locks go. Never rejects. */
  release(index: number): Promise<void>;
}

/** One try waits so long at most: meanwhile others wait for what it has locked already. */
const TRY_MS = 5000;
/** Between two tries, others get through. */
const PAUSE_MS = 500;

/**
 * Tries until all locks are held. Throws DATABASE_BUSY naming who holds a lock, DATABASE_CHANGED when tables come and go all the time, and
 * what `choose` throws.
 */
export async function lockTables<Table extends Lockable>(
  options: LockOptions<Table>,
): Promise<LockedTables<Table>> {
  const { holder, watcher, timeout, note, signal } = options;
  const until = performance.now() + timeout;
  const seen = { last: "" };
  for (;;) {
    try {
      return await lockOnce(options, Math.max(100, Math.min(TRY_MS, until - performance.now())), seen);
    } catch (error) {
      await Promise.all([holder.query("ROLLBACK"), watcher.query("ROLLBACK")]);
      if (!isPassing(error)) throw error;
      signal.throwIfAborted();
      const by = seen.last === "" ? "" : `: ${seen.last}`;
      if (performance.now() >= until) {
        if (error instanceof DatabaseChangedError || by === "") throw error;
        const seconds = Math.round(timeout / 1000);
        throw new DatabaseBusyError(`${holder.target.label}: no lock within ${seconds} s${by}`, {
          cause: error,
        });
      }
      if (by !== "") note(`${holder.target.label}: waiting for a lock${by}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** A lock not granted, or a table that went between two looks: the next try may have more luck. */
function isPassing(error: unknown): boolean {
  if (error instanceof DatabaseChangedError) return true;
  const state = sqlState((error as Error).cause);
  return state === NO_LOCK || state === "42P01" || state === "3F000" || state === "40P01";
}

async function lockOnce<Table extends Lockable>(
  { holder, watcher, choose }: LockOptions<Table>,
  patience: number,
  seen: { last: string },
): Promise<LockedTables<Table>> {
  await watcher.query("BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY");
  await watcher.query(`SET LOCAL lock_timeout = ${Math.round(patience)}`);
  const wanted = await watchBlockers(holder, async () => [watcher.pid], seen, choose(watcher));
  await watchBlockers(holder, async () => [watcher.pid], seen, lockAll(watcher, wanted));
  // From here on nobody changes what is locked; what changed before is in the snapshot.
  await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  const [row] = await holder.query<{ snapshot: string; horizon: string; lsn: string; time: Date }>(
    `SELECT pg_catalog.pg_export_snapshot() AS snapshot, pg_catalog.now() AS time,
      (pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot()) % 4294967296)::text AS horizon,
      (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
        ELSE pg_catalog.pg_current_wal_lsn() END)::text AS lsn`,
  );
  // It looks at relations that are not locked, too: foreign tables, for instance.
  const tables = await watchBlockers(holder, async () => [watcher.pid], seen, choose(holder));
  const locked = new Set(wanted.map(({ oid }) => oid));
  if (tables.length !== locked.size || tables.some(({ oid }) => !locked.has(oid)))
    throw new DatabaseChangedError(`${holder.target.label}: tables came or went while they were locked`);
  const waitedFor = await stackLocks(holder, tables);
  await watcher.query("COMMIT");
  if (waitedFor.length > 0)
    await watchBlockers(
      watcher,
      async () => [holder.pid],
      seen,
      stackAwaited(holder, watcher, waitedFor, patience),
    );
  // What was locked last is given up first.
  const order = [...waitedFor, ...tables.filter((table) => !waitedFor.includes(table))];
  const { time, ...facts } = row!;
  return { ...facts, time: time.toISOString(), tables: order, release: releaser(holder, order) };
}

async function lockAll(session: Session, tables: readonly Lockable[]): Promise<void> {
  for (let from = 0; from < tables.length; from += LOCKS_AT_ONCE) {
    const names = tables.slice(from, from + LOCKS_AT_ONCE).map((table) => `ONLY ${qualified(table)}`);
    await session.query(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
  }
}
