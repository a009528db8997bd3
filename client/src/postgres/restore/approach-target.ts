/** Connects to a database that will be restored into, and looks at it, while a store is opened. */
import { type Approach, approach } from "../connect/approach.ts";
import { postgresTarget } from "../connect/target.ts";
import { type ReachedDatabase, reachDatabase } from "./databases/reach-database.ts";
import { isPart, type RestoreDatabaseOptions } from "./restore-database-options.ts";

/** For RestoreDatabaseOptions.approach. */
export interface TargetApproach extends Approach<ReachedDatabase> {}

/**
 * Begins at once; what fails is told by the restore that takes it, which has the same URL and options. Changes nothing, and holds the lock
 * of the restore. Throws USAGE for the URL.
 *
 * @example
 * const approach = approachTarget("postgres:///app", { path: "public/account" });
 * try {
 *   const store = await open("/srv/backup");
 *   await restoreDatabase(store, backup, "postgres:///app", { path: "public/account", approach });
 * } finally {
 *   approach.end();
 * }
 */
export function approachTarget(
  url: string,
  options: Pick<RestoreDatabaseOptions, "path" | "dataOnly" | "environment"> = {},
): TargetApproach {
  const target = postgresTarget(url, options.environment);
  return approach(reachDatabase(target, isPart(options)), ({ maintenance, part }) =>
    part === null ? [maintenance] : [maintenance, part.session],
  );
}
