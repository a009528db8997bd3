/** Restores a backup of a PostgreSQL database, or a part of it, into a database. */
import { availableParallelism } from "node:os";
import { DatabaseMissingError, InterruptedError } from "@datadb/protocol";
import type { Connection } from "../../connection.ts";
import type { Session } from "../connect/session.ts";
import { postgresTarget } from "../connect/target.ts";
import { openBackupFiles } from "./backup-files.ts";
import { databaseState } from "./databases/database-state.ts";
import { terminate } from "./databases/maintenance.ts";
import { type ReachedDatabase, reachDatabase } from "./databases/reach-database.ts";
import { recoverUnfinished } from "./databases/recover-unfinished.ts";
import type { RestoreDatabaseOptions, RestoreDatabaseSummary } from "./restore-database-options.ts";
import { checkOptions } from "./restore-into-database.ts";
import { restoreNewDatabase } from "./restore-new-database.ts";
import { restorePart } from "./restore-part.ts";
import { restoreReport } from "./restore-report.ts";
import type { RestoreRun } from "./restore-run.ts";

/** More sessions than this are only taken when they are asked for. */
const MAX_JOBS = 4;

/**
 * Restores into the database that the URL names. One that is missing is made; one that is there must be empty, unless `clean`
 * is set or `path` or `dataOnly` restores a part into it. Rows are verified against the backup on their way, counted, and
 * read back. When it rejects, nothing of it is left, except after the loss of the server: then the next restore into
 * the same database cleans up first.
 *
 * @param backup anything with the `ref` of a backup, its `id` for messages, and the user's `meta`, which the summary returns.
 * @throws DATABASE_UNFIT listing everything that the server lacks, before anything is written; EXISTS; DATABASE_DIFFERS;
 * DATABASE_MISSING; DATABASE_BUSY; DATABASE_FAILED; DATABASE_UNREACHABLE; NOT_FOUND for a path; DAMAGED; INTERRUPTED.
 * @example
 * const backup = await resolveSelector(connection, parseSelector("app@2026-11-19"));
 * const { rows, meta } = await restoreDatabase(connection, backup, "postgres:///app_restored", { jobs: 2 });
 */
export async function restoreDatabase(
  connection: Connection,
  backup: { ref: string; id?: string; meta?: Record<string, unknown> },
  url: string,
  options: RestoreDatabaseOptions = {},
): Promise<RestoreDatabaseSummary> {
  checkOptions(options);
  const target = postgresTarget(url, options.environment);
  for (const warning of target.warnings) options.onWarning?.(warning);
  const report = restoreReport(options);
  // The server and the store are asked at the same time; what the store says is told first.
  const reaching = reachDatabase(target, isPart(options));
  reaching.catch(() => {}); // told below
  const files = await openBackupFiles(connection, backup).catch((error: unknown) => {
    reaching.then((reached) => reached.end()).catch(() => {});
    throw error;
  });
  const reached = await reaching;
  const { maintenance } = reached;
  const pids = new Set<number>();
  const run: RestoreRun = {
    target,
    maintenance,
    files,
    options,
    report,
    backup: backup.id ?? backup.ref,
    jobs: options.jobs ?? Math.min(availableParallelism(), MAX_JOBS),
    onSession: (session: Session) => {
      pids.add(session.pid);
      options.signal?.throwIfAborted();
    },
  };
  const stop = (): void => void terminate(maintenance.target, [...pids]);
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    options.signal?.throwIfAborted();
    await dispatch(run, reached);
    report.summary.database = target.database;
    return { ...report.finish(), meta: backup.meta ?? {} };
  } catch (error) {
    if (options.signal?.aborted === true)
      throw new InterruptedError("the restore was interrupted; what it had made is dropped", {
        cause: error,
      });
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", stop);
    await Promise.all([reached.end(), run.maintenance.end()]);
  }
}

function isPart({ path = "", dataOnly }: RestoreDatabaseOptions): boolean {
  return path !== "" || dataOnly === true;
}

async function dispatch(run: RestoreRun, { state, part }: ReachedDatabase): Promise<void> {
  const { maintenance, target, options } = run;
  if (state !== null && part !== null) return await restorePart(run, state, part);
  await recoverUnfinished(run);
  const existing = await databaseState(maintenance, target.database);
  if (isPart(options) && existing !== null) return await restorePart(run, existing);
  if (options.dataOnly === true)
    throw new DatabaseMissingError(
      `there is no database ${target.label}`,
      "make it and its tables first, or restore without --data-only",
    );
  await restoreNewDatabase(run, existing);
}
