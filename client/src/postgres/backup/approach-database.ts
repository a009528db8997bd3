/** Connects to a database that will be backed up, and looks at it, while a store is opened. */
import { type Approach, approach } from "../connect/approach.ts";
import type { OpenBackup } from "./open-backup.ts";
import { isPostgresSource, type PostgresSource } from "./postgres-source.ts";

/** For SnapshotOptions.approach. */
export interface DatabaseApproach extends Approach<OpenBackup> {}

/**
 * Begins at once; what fails is told by the snapshot that takes it. Undefined for a source that is no database. Reads no row.
 *
 * @example
 * const approach = approachDatabase(source);
 * try {
 *   await snapshot(await open("/srv/backup"), source, { approach });
 * } finally {
 *   approach?.end();
 * }
 */
export function approachDatabase(
  source: unknown,
  options: { dryRun?: boolean; onWarning?: (text: string) => void } = {},
): DatabaseApproach | undefined {
  return isPostgresSource(source) ? begin(source, options) : undefined;
}

function begin(
  source: PostgresSource,
  options: { dryRun?: boolean; onWarning?: (text: string) => void },
): DatabaseApproach {
  // Only databases need their driver.
  const opening = import("./postgres-snapshot.ts").then(({ openSource }) => openSource(source, options));
  return approach(opening, ({ holder, watcher }) => [holder, watcher]);
}
