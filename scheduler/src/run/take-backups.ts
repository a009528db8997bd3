/** The task of a job that makes backups: all its sources, one after the other, as one group. */
import {
  type Connection,
  isPostgresSource,
  type PostgresSource,
  type SnapshotProgress,
  type SnapshotSummary,
  snapshot,
} from "@datadb/client";
import type { Source } from "../config/scheduler-config.ts";
import { secretValue } from "../config/secret-value.ts";

export interface GroupOptions {
  job: string;
  /** The run's id. */
  group: string;
  /** What sources on this machine belong to. */
  host: string;
  /** Databases, too, which have a host of their own. */
  hostGiven: boolean;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
  onProgress?: ((progress: SnapshotProgress) => void) | undefined;
  /** Told what a person should know of a backup that goes on. */
  note(text: string): void;
}

/** What came of each source so far; a later attempt goes on with those that are missing. */
export type Taken = Map<Source, SnapshotSummary>;

/** Adds to `taken`. Throws what the first source that fails throws. */
export async function takeBackups(
  connection: Connection,
  sources: readonly Source[],
  taken: Taken,
  { job, group, host, hostGiven, environment, signal, onProgress, note }: GroupOptions,
): Promise<void> {
  for (const source of sources) {
    if (taken.has(source)) continue;
    const { options, name } = source;
    const database = isPostgresSource(source.source);
    const what = database ? withSecrets(source.source as PostgresSource, environment) : source.source;
    const summary = await snapshot(connection, what, {
      ...options,
      name,
      ...(database && !hostGiven ? {} : { host }),
      meta: { ...options.meta, scheduler: { job, group } },
      signal,
      onWarning: (text) => note(`${name}: ${text}`),
      ...(onProgress ? { onProgress } : {}),
    });
    taken.set(source, summary);
  }
}

function withSecrets(source: PostgresSource, environment: NodeJS.ProcessEnv): PostgresSource {
  return { ...source, environment, postgres: secretValue(source.postgres, "database", environment) };
}
