/** Makes meta/ and local/ anew from the backends alone. */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { FileSystem } from "@datadb/backends";
import { sumOfCounter } from "../blobs/sum-of-counter.ts";
import { createCommittedView } from "../keyspace/committed-view.ts";
import { openLevel } from "../keyspace/open-level.ts";
import { writeCheckpointMark, writeCleanHead, writeWholeMark } from "../log/local-marks.ts";
import { TransactionIds } from "../log/transaction-ids.ts";
import { listBackups } from "../stats/list-backups.ts";
import { type Closers, createClosers } from "../store/closers.ts";
import { refusedWrites } from "../store/levels-place.ts";
import { openBackends } from "../store/open-backends.ts";
import { openLocal } from "../store/open-local.ts";
import { readConfig } from "../store/read-config.ts";
import { settleCrash } from "../store/settle-crash.ts";
import { loadLog } from "./load-log.ts";

export interface RebuildOptions {
  warn?: (message: string) => void;
  /** The disk of the backends, for tests. */
  fs?: FileSystem;
  /** Aborted to end: what cannot be reached is not waited for any longer. */
  signal?: AbortSignal | undefined;
}

/** What a rebuilt store holds. */
export interface RebuildSummary {
  /** The last log record that was applied, 0 for an empty log. */
  readonly sequence: number;
  readonly backups: number;
  /** Records that were found in the packs. */
  readonly records: number;
  /** Damaged ranges of packs, each told to `warn`: what was in them may be missing. */
  readonly damaged: number;
}

/**
 * Removes meta/ and local/ and makes them from packs and log. Leases are lost with local/: a running backup elsewhere may have to send
 * something again. Errors: STORE_LOCKED, NO_STORE, DAMAGED when the log itself is (naming record and pack), DISK_FULL, READ_ONLY,
 * STORE_MISSING_KNOWN never, since what is known is what is found.
 */
export async function rebuildStore(directory: string, options: RebuildOptions = {}): Promise<RebuildSummary> {
  const path = resolve(directory);
  const warn = options.warn ?? ((message: string) => process.emitWarning(message, "DatadbWarning"));
  const closers = createClosers();
  try {
    return await rebuild(path, { ...options, warn }, closers);
  } finally {
    await closers.close();
  }
}

async function rebuild(
  path: string,
  options: RebuildOptions & { warn(message: string): void },
  closers: Closers,
): Promise<RebuildSummary> {
  const config = await readConfig(path);
  const refused = await refusedWrites(path);
  if (refused !== null) throw refused;
  const { hash } = config;
  // Emptied under its own lock, so that no second process gets in between.
  const local = await openLocal(path, { warn: options.warn, verify: true });
  closers.add(() => local.level.close());
  await local.level.clear();
  const { backend, index, indexed, suspects } = await openBackends({ ...local, empty: true }, config, {
    directory: path,
    ...options,
  });
  closers.add(() => backend.close());
  await rm(join(path, "meta"), { recursive: true, force: true });
  const meta = await openLevel(join(path, "meta"));
  closers.add(() => meta.close());
  const view = createCommittedView(meta);
  const source = { backend, hash, storeId: Buffer.from(config.id, "hex") };
  const { head, checkpoint } = await loadLog(
    { level: meta, view, transactions: new TransactionIds() },
    source,
    options.warn,
  );
  await settleCrash({ backend, index, hash, view, warn: options.warn }, suspects);
  // What packs held that are gone is known to nobody now: a check tells.
  if (indexed > 0) await writeWholeMark(local.level, null);
  await writeCheckpointMark(local.level, checkpoint);
  await writeCleanHead(local.level, head);
  let backups = 0;
  for await (const _ of listBackups(view, hash)) backups += 1;
  return {
    sequence: head.sequence,
    backups,
    records: indexed,
    damaged: sumOfCounter(backend, "ranges-damaged"),
  };
}
