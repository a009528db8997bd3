/** Garbage collection of an open store, and the end of one that was cut short. */
import type { NameIndex } from "../blobs/name-index.ts";
import type { OpenBlobStore } from "../blobs/open-blobs.ts";
import type { Wholeness } from "../check/wholeness.ts";
import type { CommitLog, Leases } from "../database.ts";
import type { Encoder } from "../encoder/encoder.ts";
import type { GcParts } from "../gc/gc-parts.ts";
import { type Collector, openCollector } from "../gc/open-collector.ts";
import type { Level } from "../keyspace/open-level.ts";
import { trimLevel } from "../keyspace/trim-level.ts";
import type { ExecutorState } from "../log/executor.ts";
import { readSweepMark, writeSweepMark } from "../log/local-marks.ts";

interface GcStore {
  readonly index: NameIndex;
  readonly leases: Leases;
  readonly blobs: OpenBlobStore;
  readonly commits: CommitLog;
  readonly encoder: Encoder;
  readonly reserve: GcParts["reserve"];
}

/** The last checkpoint is in the log record after its state: then nothing has happened since. */
async function checkpointForGc(commits: CommitLog): Promise<void> {
  if (commits.head().sequence > commits.lastCheckpoint() + 1) await commits.checkpoint();
}

/** The collector of an open store. */
export function openGc(
  state: ExecutorState,
  local: Level,
  { index, leases, blobs, commits, encoder, reserve }: GcStore,
): Collector {
  const { backend, hash, storeId, view } = state;
  return openCollector({
    ...{ backend, hash, storeId, view, index, leases, encoder, reserve },
    protection: blobs.protection,
    nodes: blobs.nodes,
    uncertain: () => state.stuck?.group.commits.flatMap(({ operations }) => operations) ?? [],
    checkpoint: () => checkpointForGc(commits),
    flush: () => blobs.flush(),
    markSweep: (sweeping) => writeSweepMark(local, sweeping),
    trim: () => trimLevel(local),
  });
}

/** What a collection has begun is ended before anybody is told what exists: until then nodes may lack what they refer to. */
export async function endSweep(
  local: Level,
  collector: Collector,
  wholeness: Wholeness,
  { directory, warn }: { directory: string; warn(message: string): void },
): Promise<void> {
  if (!(await readSweepMark(local))) return;
  warn(`${directory}: a garbage collection was cut short; what it began is ended first`);
  await collector.collect({ sweepOnly: true }).catch(async (error: Error) => {
    warn(`${directory}: it could not be ended (${error.message}); until one ends, backups read every file`);
    await wholeness.doubt();
  });
}
