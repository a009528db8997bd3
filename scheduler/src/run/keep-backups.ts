/** Retention after a run: what the job's rules do not keep is forgotten. */
import {
  applyKeepRules,
  type Backup,
  type Connection,
  forgetBackups,
  isIntact,
  listBackups,
} from "@datadb/client";
import type { Keep } from "../config/scheduler-config.ts";
import { backupMark } from "./backup-mark.ts";

/**
 * Looks at one series (id in hex) and forgets with the right admin; resolves with the number of backups removed. Backups
 * that others made in the series are neither removed nor counted.
 */
export async function keepBackups(
  connection: Connection,
  snapshot: string,
  job: string,
  keep: Keep,
): Promise<number> {
  return forgetBackups(connection, expired(await listBackups(connection, { snapshot }), job, keep));
}

/**
 * What the rules keep of the intact backups alone is kept, too: a row of incomplete or damaged ones pushes no whole backup out.
 */
export function expired(backups: readonly Backup[], job: string, { rules, timezone }: Keep): Backup[] {
  const own = backups.filter((backup) => backupMark(backup)?.job === job);
  const intact = own.filter(isIntact);
  const kept = new Set(
    [own, intact].flatMap((some) =>
      applyKeepRules(some, rules, timezone).flatMap(({ backup, reasons }) =>
        reasons.length > 0 ? [backup] : [],
      ),
    ),
  );
  return own.filter((backup) => !kept.has(backup)).reverse();
}
