/** Connects to the server of a restore and looks at the database, while the backup's definitions are read from the store. */
import { DatabaseUnfitError } from "@datadb/protocol";
import type { Session } from "../../connect/session.ts";
import type { PostgresTarget } from "../../connect/target.ts";
import { type ExistingNames, existingNames } from "../plan/existing-names.ts";
import { openRestoreSession } from "../restore-session.ts";
import { type DatabaseState, databaseState } from "./database-state.ts";
import { lockRestore, openMaintenance } from "./maintenance.ts";

export interface ReachedDatabase {
  /** Has the lock of the restore. */
  maintenance: Session;
  /** Null when there is no such database. */
  state: DatabaseState | null;
  /** For a part of a backup, where there is the database. */
  part: PartSession | null;
  end(): Promise<void>;
}

/** A session with the database, and what it has. */
export interface PartSession {
  session: Session;
  existing: ExistingNames;
}

/** Changes nothing. Throws what openMaintenance throws, DATABASE_UNFIT on a standby, and DATABASE_BUSY. */
export async function reachDatabase(target: PostgresTarget, isPart: boolean): Promise<ReachedDatabase> {
  const maintenance = await openMaintenance(target);
  try {
    refuseStandby(maintenance);
    const state = await databaseState(maintenance, target.database);
    await lockRestore(maintenance, target.database, isPart && state !== null);
    const part = isPart && state !== null ? await openPart(target) : null;
    const end = async (): Promise<void> => {
      await Promise.all([maintenance.end(), part?.session.end()]);
    };
    return { maintenance, state, part, end };
  } catch (error) {
    await maintenance.end();
    throw error;
  }
}

function refuseStandby({ server, target }: Session): void {
  if (!server.inRecovery) return;
  const where = target.label.replace(/\/[^/]*$/, "");
  throw new DatabaseUnfitError(
    `${where} is a standby, which takes no changes; nothing was written`,
    "restore into its primary",
  );
}

export async function openPart(target: PostgresTarget): Promise<PartSession> {
  const session = await openRestoreSession(target);
  try {
    return { session, existing: await existingNames(session) };
  } catch (error) {
    await session.end();
    throw error;
  }
}
