/** The task of a job that makes backups: all its sources, one after the other, as one group. */
import { type Connection, type SnapshotProgress, type SnapshotSummary, snapshot } from "@datadb/client";
import type { Source } from "../config/scheduler-config.ts";

export interface GroupOptions {
  job: string;
  /** The run's id. */
  group: string;
  host: string;
  signal: AbortSignal;
  onProgress?: ((progress: SnapshotProgress) => void) | undefined;
}

/** What came of each source so far; a later attempt goes on with those that are missing. */
export type Taken = Map<Source, SnapshotSummary>;

/** Adds to `taken`. Throws what the first source that fails throws. */
export async function takeBackups(
  connection: Connection,
  sources: readonly Source[],
  taken: Taken,
  { job, group, host, signal, onProgress }: GroupOptions,
): Promise<void> {
  for (const source of sources) {
    if (taken.has(source)) continue;
    const { options, name } = source;
    const summary = await snapshot(connection, source.source, {
      ...options,
      name,
      host,
      meta: { ...options.meta, scheduler: { job, group } },
      signal,
      ...(onProgress ? { onProgress } : {}),
    });
    taken.set(source, summary);
  }
}
