/** When checkpoints are written, and that they are announced. */
import type { HashAlgorithm } from "@datadb/protocol";
import type { BlobStore, CommitLog } from "../database.ts";
import type { Level } from "../keyspace/open-level.ts";
import type { AppliedGroup } from "./commit-group.ts";
import { readCheckpointMark, writeCheckpointMark } from "./local-marks.ts";
import type { Checkpoints } from "./open-log.ts";
import { writeCheckpoint } from "./write-checkpoint.ts";

/** Log records between checkpoints, at least: a rebuild reads about as many. */
export const CHECKPOINT_RECORDS = 1000;
/** Time between checkpoints, in durations of the last one: they take a twentieth of the time at most. */
const PAUSE_DURATIONS = 20;

export interface CheckpointContext {
  readonly meta: Level;
  readonly local: Level;
  readonly hash: HashAlgorithm;
  readonly blobs: BlobStore;
  /** Announces the checkpoint. */
  readonly commit: CommitLog["commit"];
  /** Resolves when LevelDB has all that is committed. */
  settled(): Promise<void>;
  warn(message: string): void;
  /** Log records between checkpoints. */
  readonly every: number;
}

export interface CheckpointKeeper extends Checkpoints {
  /** To be told of each log record. */
  onRecord(sequence: number, group: AppliedGroup, bytes: number): void;
  /** Starts no more; resolves when none is being written. */
  close(): Promise<void>;
}

function hasForget({ commits }: AppliedGroup): boolean {
  return commits.some(({ operations }) => operations.some(({ op }) => op === "forget"));
}

export async function openCheckpoints(
  context: CheckpointContext,
  sequence: number,
): Promise<CheckpointKeeper> {
  const { meta, local, hash, blobs } = context;
  let last = Math.min(await readCheckpointMark(local), sequence);
  let running: Promise<number> | null = null;
  let closed = false;
  let wanted = false;
  /** Bytes of the log since the last checkpoint, and of that checkpoint. */
  let [logBytes, treeBytes] = [0, 0];
  let notBefore = 0;

  const make = async (): Promise<number> => {
    const start = performance.now();
    await context.settled();
    logBytes = 0;
    wanted = false;
    const written = await writeCheckpoint(meta, blobs, hash);
    if (written === null) return 0;
    await context.commit([{ op: "checkpoint", sequence: written.sequence, root: written.root }], {
      blobs: true,
    });
    await writeCheckpointMark(local, written.sequence);
    last = written.sequence;
    treeBytes = written.bytes;
    const end = performance.now();
    notBefore = end + (end - start) * PAUSE_DURATIONS;
    return last;
  };
  const write = (): Promise<number> => {
    running ??= make().finally(() => {
      running = null;
    });
    return running;
  };
  const due = (reached: number): boolean => {
    if (wanted) return true;
    return reached - last >= context.every && logBytes >= treeBytes && performance.now() >= notBefore;
  };
  return {
    last: () => last,
    write,
    onRecord(reached, group, bytes) {
      logBytes += bytes;
      wanted ||= hasForget(group);
      if (closed || running !== null || !due(reached)) return;
      write().catch((error: Error) => context.warn(`no checkpoint could be written: ${error.message}`));
    },
    async close() {
      closed = true;
      await running?.catch(() => undefined);
    },
  };
}
