/** Connects to a database and looks at it while a store is opened: both take about as long, and need different machines or processors. */
import type { OpenBackup } from "./open-backup.ts";
import { isPostgresSource, type PostgresSource } from "./postgres-source.ts";

/** For SnapshotOptions.approach. Whoever begins it ends it. */
export interface DatabaseApproach {
  /** What has been opened, for the first who asks; undefined as well when the server has closed it meanwhile. */
  take(): Promise<OpenBackup> | undefined;
  /** Closes what nobody took. */
  end(): void;
}

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
  let opening: Promise<OpenBackup> | undefined = import("./postgres-snapshot.ts").then(({ openSource }) =>
    openSource(source, options),
  );
  opening.then(
    ({ holder, watcher }) => {
      // A store may be waited for longer than a server lives: whoever asks connects anew.
      for (const { lost } of [holder, watcher]) lost.catch(end);
    },
    () => {}, // told to whoever takes it
  );
  function end(): void {
    opening?.then((opened) => opened.end()).catch(() => {});
    opening = undefined;
  }
  return {
    take() {
      const taken = opening;
      opening = undefined;
      return taken;
    },
    end,
  };
}
