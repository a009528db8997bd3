/** Restores a whole database under a temporary name, and gives it its own when everything is there and compared. */
import { DatabaseBusyError, ExistsError } from "@datadb/protocol";
import { type PostgresTarget, targetDatabase } from "../connect/target.ts";
import { createDatabase, finishingStatements } from "./databases/create-database.ts";
import { type DatabaseState, isSuperuser, mayCreateDatabases } from "./databases/database-state.ts";
import { dropDatabase, dropUnfinished, heldMaintenance, lockAgain } from "./databases/maintenance.ts";
import { renameWhenFree } from "./databases/rename-databases.ts";
import { subscriptionsOf } from "./databases/subscriptions.ts";
import { temporaryName } from "./databases/temporary-name.ts";
import { userObjects } from "./databases/user-objects.ts";
import { fillDatabase } from "./fill-database.ts";
import { fillExisting } from "./fill-existing.ts";
import { NOTHING_EXISTS } from "./plan/existing-names.ts";
import { prepareRestore } from "./plan/prepare-restore.ts";
import { restorePlan } from "./plan/restore-plan.ts";
import type { RestoreSelection } from "./plan/select-objects.ts";
import { restorePart } from "./restore-part.ts";
import type { RestoreRun } from "./restore-run.ts";
import { openRestoreSession } from "./restore-session.ts";
import { runOne } from "./run-script.ts";
import { quoteName } from "./script/object-name.ts";

/** `existing`: the database of that name, which must be empty, or is replaced where the options say so. */
export async function restoreNewDatabase(run: RestoreRun, existing: DatabaseState | null): Promise<void> {
  const { maintenance, options, report } = run;
  if (existing !== null) {
    const empty = await isEmpty(run);
    // Chosen tables may come beside others, as one set.
    const { selection: chosen } = run.files.manifest;
    if (!empty && options.clean !== true && chosen !== null) return await restorePart(run, existing);
    if (!empty && options.clean !== true) throw await notEmpty(run);
    await refuseSubscriptions(run);
    if (empty || !(await mayCreateDatabases(maintenance))) return await fillExisting(run, existing);
    refuseSessions(run, existing);
  }
  const selection = await prepareRestore(run, maintenance, NOTHING_EXISTS, null);
  report.summary.created = existing === null;
  await restoreAside(run, selection, existing !== null);
}

async function isEmpty({ target }: RestoreRun): Promise<boolean> {
  const session = await openRestoreSession(target);
  try {
    return (await userObjects(session)).length === 0;
  } finally {
    await session.end();
  }
}

async function notEmpty({ target }: RestoreRun): Promise<ExistsError> {
  const session = await openRestoreSession(target);
  const objects = await userObjects(session);
  await session.end();
  const shown = objects.slice(0, 3).map(({ type, identity }) => `${type} ${identity}`);
  return new ExistsError(
    `${target.label} is not empty: it has ${objects.length} objects (${shown.join(", ")}${objects.length > 3 ? ", ..." : ""})`,
    "restore into another database, which is made when it is missing, or replace this one: --clean --yes",
  );
}

function refuseSessions({ target }: RestoreRun, { sessions }: DatabaseState): void {
  if (sessions === 0) return;
  throw new DatabaseBusyError(
    `${target.label} is in use by ${sessions} other ${sessions === 1 ? "session" : "sessions"}, and cannot be replaced`,
    "end them first; they can connect again when the restore is done",
  );
}

/** They would change what is restored, and whether the publisher may forget what was not replicated yet is not ours to say. */
async function refuseSubscriptions({ target, maintenance }: RestoreRun): Promise<void> {
  const names = await subscriptionsOf(maintenance, target.database);
  if (names.length === 0) return;
  throw new ExistsError(
    `${target.label} has the subscription ${names.join(", ")}, which would write into what is restored; nothing was restored`,
    "drop it there first: DROP SUBSCRIPTION, or without its publisher after ALTER SUBSCRIPTION ... DISABLE and ... SET (slot_name = NONE)",
  );
}

async function restoreAside(run: RestoreRun, selection: RestoreSelection, replaces: boolean): Promise<void> {
  const { target, maintenance, files, options, report, jobs } = run;
  const name = temporaryName(target.database, "new");
  const plan = restorePlan(selection.preData, selection.postData, selection.tables);
  try {
    const purpose = `datadb restores backup ${run.backup} for ${target.database} here; it is not complete`;
    await createDatabase(maintenance, name, files.manifest.database, purpose);
    await fillDatabase(targetDatabase(maintenance.target, name), {
      files,
      plan,
      selection,
      options,
      report,
      jobs,
      journal: async () => {},
      onSession: run.onSession,
    });
    await publish(run, name, replaces);
  } catch (error) {
    await dropAfterFailure(run, name);
    throw error;
  }
}

/** Everything in one transaction: the name is given to a database that is complete. */
async function publish(run: RestoreRun, name: string, replaces: boolean): Promise<void> {
  const { target, files, options } = run;
  options.signal?.throwIfAborted();
  const maintenance = await heldMaintenance(run);
  const { database: facts } = files.manifest;
  const statements = finishingStatements(name, facts, {
    noOwner: options.noOwner === true,
    noPrivileges: options.noPrivileges === true,
    asGrantor: await isSuperuser(maintenance),
  });
  // What all databases share has no encoding: comment and settings are written in that of the session's database.
  const own = facts.encoding !== maintenance.server.encoding;
  if (own) await runInside(targetDatabase(maintenance.target, name), statements);
  const old = temporaryName(target.database, "old");
  const rename = async (): Promise<void> => {
    await maintenance.query("BEGIN");
    try {
      if (!own) for (const statement of statements) await runOne(maintenance, statement);
      if (replaces)
        await runOne(maintenance, `ALTER DATABASE ${quoteName(target.database)} RENAME TO ${quoteName(old)}`);
      await runOne(maintenance, `ALTER DATABASE ${quoteName(name)} RENAME TO ${quoteName(target.database)}`);
      await maintenance.query("COMMIT");
    } catch (error) {
      await maintenance.query("ROLLBACK");
      throw error;
    }
  };
  await renameWhenFree(maintenance, rename, {
    own: [name],
    others: replaces ? [target.database] : [],
    next: "end these sessions, keep them away until the restore is done, then run the command again",
    note: run.report.warn,
    signal: options.signal,
  });
  if (replaces) await dropDatabase(maintenance, old);
}

async function runInside(place: PostgresTarget, statements: readonly string[]): Promise<void> {
  const session = await openRestoreSession(place);
  try {
    await session.query("BEGIN");
    for (const statement of statements) await runOne(session, statement);
    await session.query("COMMIT");
  } finally {
    await session.end();
  }
}

async function dropAfterFailure(run: RestoreRun, name: string): Promise<void> {
  try {
    await dropUnfinished(run.maintenance, name);
  } catch {
    try {
      // Without the lock, it could be what another restore makes by now.
      await dropUnfinished(await lockAgain(run), name);
    } catch (error) {
      run.report.warn(
        `the unfinished database ${name} could not be dropped (${(error as Error).message}); the next restore into ${run.target.database} drops it`,
      );
    }
  }
}
