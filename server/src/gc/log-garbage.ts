/** Which part of the log a checkpoint has replaced. */
import { isDamage, readCheckpoint } from "@datadb/protocol";
import { type LogSource, listLog, readLog } from "../log/read-log.ts";
import { fetchNodes } from "../rebuild/load-log.ts";

export interface LogState {
  /** Roots of the checkpoints that rebuilds may begin with: the two newest that are whole. */
  readonly roots: Buffer[];
  /** Names of records in packs where all is older than the second of them. */
  readonly garbage: Buffer[];
}

/** Reads a whole checkpoint: every node is there and verified. One that cannot be reached just now is not judged. */
async function isWhole(source: LogSource, root: Buffer | null, signal?: AbortSignal): Promise<boolean> {
  try {
    for await (const _ of readCheckpoint(fetchNodes(source.backend, source.hash), source.hash, root))
      signal?.throwIfAborted();
    return true;
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

/** Reads the log and its newest checkpoints. Throws DAMAGED when a record cannot be read, and what says nothing about the checkpoints. */
export async function findLogGarbage(source: LogSource, signal?: AbortSignal): Promise<LogState> {
  const places = await listLog(source);
  const newest = new Map<string, number>();
  const checkpoints: { sequence: number; root: Buffer | null }[] = [];
  let at = 0;
  for await (const { record } of readLog(source, places)) {
    signal?.throwIfAborted();
    const { pack } = places[at]!;
    at += 1;
    newest.set(pack, Math.max(newest.get(pack) ?? 0, record.sequence));
    for (const { operations } of record.commits) {
      for (const operation of operations) {
        if (operation.op !== "checkpoint") continue;
        const root = operation.root === null ? null : Buffer.from(operation.root);
        checkpoints.push({ sequence: operation.sequence, root });
      }
    }
  }
  const whole: typeof checkpoints = [];
  for (const checkpoint of checkpoints.sort((a, b) => b.sequence - a.sequence)) {
    if (whole.length < 2 && (await isWhole(source, checkpoint.root, signal))) whole.push(checkpoint);
  }
  const [, second] = whole;
  const oldest = second?.sequence ?? 0;
  return {
    roots: whole.flatMap(({ root }) => root ?? []),
    // The record of the checkpoint itself is kept: a rebuild takes its name from there.
    garbage: places.flatMap(({ name, pack }) => ((newest.get(pack) ?? oldest) < oldest ? name : [])),
  };
}
