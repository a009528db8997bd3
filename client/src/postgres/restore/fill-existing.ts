/** Restores a whole database into one that is there and empty: it keeps what it is, and is out of sight until it is complete. */
import type { DatadbError } from "@datadb/protocol";
import type { PostgresTarget } from "../connect/target.ts";
import { targetDatabase } from "../connect/target.ts";
import type { DatabaseState } from "./databases/database-state.ts";
import { heldMaintenance } from "./databases/maintenance.ts";
import { renameWhenFree } from "./databases/rename-databases.ts";
import { temporaryName } from "./databases/temporary-name.ts";
import {
  beginJournal,
  dropObjects,
  endJournal,
  journalObjects,
  undoJournal,
  userObjects,
} from "./databases/user-objects.ts";
import { fillDatabase } from "./fill-database.ts";
import { NOTHING_EXISTS } from "./plan/existing-names.ts";
import { prepareRestore } from "./plan/prepare-restore.ts";
import { restorePlan } from "./plan/restore-plan.ts";
import type { RestoreRun } from "./restore-run.ts";
import { openRestoreSession } from "./restore-session.ts";
import { runScript } from "./run-script.ts";
import { quoteName } from "./script/object-name.ts";

/** What it holds is dropped first; the caller has asked. */
export async function fillExisting(run: RestoreRun, existing: DatabaseState): Promise<void> {
  const { files, options, report, jobs } = run;
  const selection = await prepareRestore(run, run.maintenance, NOTHING_EXISTS, existing);
  const plan = restorePlan(selection.preData, selection.postData, selection.tables);
  const place = await hide(run);
  try {
    await begin(run, place);
    await fillDatabase(place, {
      files,
      plan,
      selection,
      options,
      report,
      jobs,
      journal: journalObjects,
      onSession: run.onSession,
    });
    const session = await openRestoreSession(place);
    await endJournal(session).finally(() => session.end());
  } catch (error) {
    await undo(run, place);
    throw error;
  }
  await show(run, place);
}

/** Renames it where this user may and nobody is connected; else it is filled under its own name. */
async function hide({ target, maintenance, report }: RestoreRun): Promise<PostgresTarget> {
  const name = temporaryName(target.database, "kept");
  try {
    await maintenance.query(`ALTER DATABASE ${quoteName(target.database)} RENAME TO ${quoteName(name)}`);
    return targetDatabase(maintenance.target, name);
  } catch (error) {
    report.warn(
      `the database keeps its name while it is filled, and others can see it unfinished: ${(error as DatadbError).message}`,
    );
    return targetDatabase(maintenance.target, target.database);
  }
}

async function show(run: RestoreRun, place: PostgresTarget): Promise<void> {
  const { target, report } = run;
  if (place.database === target.database) return;
  const maintenance = await heldMaintenance(run);
  const rename = `ALTER DATABASE ${quoteName(place.database)} RENAME TO ${quoteName(target.database)}`;
  // Also where the restore was interrupted: nobody finds the database otherwise.
  await renameWhenFree(maintenance, async () => void (await maintenance.query(rename)), {
    own: [place.database],
    others: [],
    next: `end these sessions, then give the database its name: ${rename}`,
    note: report.warn,
  });
}

async function begin(run: RestoreRun, place: PostgresTarget): Promise<void> {
  const session = await openRestoreSession(place);
  try {
    if (run.options.clean === true) await dropObjects(session, await userObjects(session));
    await session.query("BEGIN");
    await runScript(session, beginJournal(run.backup));
    await session.query("COMMIT");
  } finally {
    await session.end();
  }
}

async function undo(run: RestoreRun, place: PostgresTarget): Promise<void> {
  try {
    // A server that lost a process recovers meanwhile. Without the lock, another restore may be at work there by now.
    await heldMaintenance(run);
    await clear(place);
    await show(run, place);
  } catch (error) {
    run.report.warn(
      `${place.database} could not be made what it was, with the name that it had (${(error as Error).message}); the next restore into ${run.target.database} does that`,
    );
  }
}

/** Drops what a journal names, and the journal. */
export async function clear(place: PostgresTarget): Promise<void> {
  const session = await openRestoreSession(place);
  try {
    await undoJournal(session);
  } finally {
    await session.end();
  }
}
