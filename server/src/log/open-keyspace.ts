/** Opens meta/ and brings it up to the log's end. */
import { DamagedError, hashLength } from "@datadb/protocol";
import { createCommittedView } from "../keyspace/committed-view.ts";
import { guardLevel, type Level } from "../keyspace/open-level.ts";
import { HEAD_KEY } from "../keyspace/raw-key.ts";
import { loadLog } from "../rebuild/load-log.ts";
import { decodeHead, emptyHead, type Head } from "./head.ts";
import { readCleanHead, writeCheckpointMark } from "./local-marks.ts";
import { type LogSource, listLog, readLog } from "./read-log.ts";
import { type ReplayTarget, replay } from "./replay.ts";
import { TransactionIds } from "./transaction-ids.ts";

/** The keyspace at the log's end. */
export interface OpenKeyspace extends ReplayTarget {
  readonly head: Head;
}

/** Whether the mark of a clean end holds for this head, and its record is still in the log: packs may be another time's. */
async function isCleanEnd(local: Level, { backend }: LogSource, head: Head): Promise<boolean> {
  const clean = await readCleanHead(local, head.name.length);
  if (clean === null || clean.sequence !== head.sequence || !clean.name.equals(head.name)) return false;
  return head.sequence === 0 || (await backend.hasMany("log", [head.name]))[0] === 1;
}

/** Whether the log has lost the record that meta/ stands at, and holds nothing that meta/ does not know. */
async function isBeyondLog(source: LogSource, { sequence, name }: Head): Promise<boolean> {
  const places = await listLog(source);
  if (places.some((place) => place.name.equals(name))) return false;
  for await (const { record } of readLog(source, places)) if (record.sequence >= sequence) return false;
  return true;
}

/** Whether the record that meta/ stands at was collected: a power cut took meta/ back to before the newest checkpoints. */
async function isCollected(source: LogSource, { sequence, name }: Head): Promise<boolean> {
  const places = await listLog(source);
  if (places.some((place) => place.name.equals(name))) return false;
  let first = Number.POSITIVE_INFINITY;
  for await (const { record } of readLog(source, places)) first = Math.min(first, record.sequence);
  return first > sequence && first !== Number.POSITIVE_INFINITY;
}

/** A log that ends before what is known to be committed: with meta/ gone, too, somebody must say that the rest may be lost. */
async function requireCommitted(meta: Level, local: Level, loaded: Head): Promise<void> {
  const clean = await readCleanHead(local, loaded.name.length);
  if (clean === null || clean.sequence <= loaded.sequence) return;
  throw new DamagedError(
    `${meta.location} was made anew, but the log ends at record ${loaded.sequence}, and ${clean.sequence} were committed`,
    {
      next: "restore the packs of the log from a copy; datadb rebuild goes back to the last record that is there",
      fields: { path: meta.location, sequence: loaded.sequence },
    },
  );
}

/**
 * Replays what the log holds beyond LevelDB. A process that ended in good order left a mark, and then the log is not read, unless
 * it was found to have grown since (`logGrew`: meta/ and local/ came back from an older copy). An
 * empty meta/ beside a log is loaded anew from it, with a warning. With `repair` a log that lost its end is no hindrance: meta/ has
 * what was committed, and a checkpoint, which the caller must write, replaces the log. Throws DAMAGED, FORMAT_TOO_NEW.
 */
export async function openKeyspace(
  meta: Level,
  local: Level,
  source: LogSource,
  warn: (message: string) => void,
  { logGrew = false, repair = false }: { logGrew?: boolean; repair?: boolean } = {},
): Promise<OpenKeyspace> {
  const n = hashLength(source.hash);
  const target: ReplayTarget = {
    level: meta,
    view: createCommittedView(meta),
    transactions: new TransactionIds(),
  };
  const value = await guardLevel(meta, meta.get(HEAD_KEY));
  const head = value === undefined ? emptyHead(n) : decodeHead(value, n);
  if (!logGrew && (await isCleanEnd(local, source, head))) {
    await target.transactions.load(meta);
    return { ...target, head };
  }
  if (head.sequence === 0 || (await isCollected(source, head))) {
    const { head: loaded, checkpoint } = await loadLog(target, source, warn);
    await requireCommitted(meta, local, loaded);
    if (loaded.sequence > 0) {
      const reason = head.sequence === 0 ? "was empty" : "is older than the log";
      warn(`${meta.location} ${reason}: it was made anew, as of log record ${loaded.sequence}`);
    }
    await writeCheckpointMark(local, checkpoint);
    return { ...target, head: loaded };
  }
  await target.transactions.load(meta);
  if (repair && (await isBeyondLog(source, head))) {
    warn(
      `the log lacks its end; ${meta.location} still has what was committed, up to log record ${head.sequence}`,
    );
    return { ...target, head };
  }
  return { ...target, head: await replay(target, head, source) };
}
