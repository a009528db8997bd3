/** Restores a table, a schema, chosen tables or rows into a database that is there. */
import type { DatabaseState } from "./database-state.ts";
import { existingNames } from "./existing-names.ts";
import { prepareRestore } from "./prepare-restore.ts";
import { restoreIntoDatabase } from "./restore-into-database.ts";
import type { RestoreRun } from "./restore-run.ts";
import { openRestoreSession } from "./restore-session.ts";

export async function restorePart(run: RestoreRun, database: DatabaseState): Promise<void> {
  const { target, files, options, report } = run;
  const session = await openRestoreSession(target, files.manifest.session);
  try {
    run.onSession(session);
    const selection = await prepareRestore(run, session, await existingNames(session), database, true);
    await restoreIntoDatabase(session, { files, selection, options, report });
  } finally {
    // A transaction that is still open ends with it, and leaves nothing.
    await session.end();
  }
}
