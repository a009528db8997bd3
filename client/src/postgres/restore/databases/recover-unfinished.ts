/** Cleans up after an earlier restore into the same database that was killed. */
import { targetDatabase } from "../../connect/target.ts";
import { clear } from "../fill-existing.ts";
import type { RestoreRun } from "../restore-run.ts";
import { openRestoreSession } from "../restore-session.ts";
import { quoteName } from "../script/object-name.ts";
import { databaseState } from "./database-state.ts";
import { dropDatabase, dropUnfinished, endLeftSessions } from "./maintenance.ts";
import { renameWhenFree } from "./rename-databases.ts";
import { temporaryName } from "./temporary-name.ts";
import { hasJournal } from "./user-objects.ts";

/** The caller holds the lock: nobody else works on these. */
export async function recoverUnfinished(run: RestoreRun): Promise<void> {
  const { maintenance, target, report } = run;
  for (const role of ["new", "old"] as const) {
    const name = temporaryName(target.database, role);
    if ((await databaseState(maintenance, name)) === null) continue;
    report.warn(`dropping ${name}, which an unfinished restore has left`);
    await (role === "new" ? dropUnfinished : dropDatabase)(maintenance, name);
  }
  const kept = temporaryName(target.database, "kept");
  if ((await databaseState(maintenance, kept)) !== null) {
    report.warn(`naming ${kept}, which an unfinished restore has left, ${target.database} again`);
    await clearJournal(run, kept);
    const rename = `ALTER DATABASE ${quoteName(kept)} RENAME TO ${quoteName(target.database)}`;
    await renameWhenFree(maintenance, async () => void (await maintenance.query(rename)), {
      own: [kept],
      others: [],
      next: `end these sessions, then run the command again`,
      note: report.warn,
      signal: run.options.signal,
    });
  } else if ((await databaseState(maintenance, target.database)) !== null)
    await clearJournal(run, target.database);
}

async function clearJournal({ maintenance, report }: RestoreRun, database: string): Promise<void> {
  const place = targetDatabase(maintenance.target, database);
  const session = await openRestoreSession(place);
  const unfinished = await hasJournal(session);
  await session.end();
  if (!unfinished) return;
  report.warn(`dropping what an unfinished restore has made in ${database}`);
  await endLeftSessions(maintenance, database);
  await clear(place);
}
