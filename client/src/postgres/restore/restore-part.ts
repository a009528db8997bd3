/** Restores a table, a schema, chosen tables or rows into a database that is there. */
import type { DatabaseState } from "./databases/database-state.ts";
import { openPart, type PartSession } from "./databases/reach-database.ts";
import { prepareRestore } from "./plan/prepare-restore.ts";
import { restoreIntoDatabase } from "./restore-into-database.ts";
import type { RestoreRun } from "./restore-run.ts";
import { setRowSettings } from "./restore-session.ts";

/** `reached`: the session that is open already. */
export async function restorePart(
  run: RestoreRun,
  database: DatabaseState,
  reached: PartSession | null = null,
): Promise<void> {
  const { target, files, options, report } = run;
  const { session, existing } = reached ?? (await openPart(target));
  try {
    run.onSession(session);
    await setRowSettings(session, files.manifest.session);
    const selection = await prepareRestore(run, session, existing, database, true);
    await restoreIntoDatabase(session, { files, selection, options, report });
  } finally {
    // A transaction that is still open ends with it, and leaves nothing.
    await session.end();
  }
}
