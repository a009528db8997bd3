/** The log: its records, its chain, its end, and its newest checkpoint. */
import { DatadbError, hashLength, references } from "@datadb/protocol";
import type { CheckEvent } from "../database.ts";
import type { Head } from "../log/head.ts";
import { followChain, type LogPlace, listLog, type NamedLogRecord, readLog } from "../log/read-log.ts";
import { fetchNodes } from "../rebuild/load-log.ts";
import { checkPacks } from "./check-packs.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** Places that are read at once. */
const BATCH_PLACES = 256;

interface Checkpoint {
  readonly sequence: number;
  readonly root: Buffer | null;
}

/** What reading the log gives. */
interface Reading {
  /** What comes before the first record: its sequence number, less one, and the name that it refers to; null for an empty log. */
  before: Head | null;
  /** The end that the chain reaches. */
  reached: Head | null;
  /** Ascending. */
  checkpoints: Checkpoint[];
  /** What is wrong, with the sequence number before it. */
  breaks: { after: number; message: string }[];
}

function follow(reading: Reading, named: NamedLogRecord): void {
  const { sequence, previous, commits } = named.record;
  // What was collected before the first record is not missing.
  reading.before ??= { sequence: sequence - 1, name: Buffer.from(previous) };
  const before = reading.reached ?? { sequence: sequence - 1, name: previous };
  try {
    reading.reached = followChain(before, named);
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    reading.breaks.push({ after: Math.min(before.sequence, sequence - 1), message: error.message });
    if (sequence > before.sequence) reading.reached = { sequence, name: named.name };
  }
  for (const { operations } of commits) {
    for (const operation of operations) {
      if (operation.op !== "checkpoint") continue;
      const { root } = operation;
      reading.checkpoints.push({ sequence: operation.sequence, root: root && Buffer.from(root) });
    }
  }
}

async function readPlaces(state: CheckState, reading: Reading, places: readonly LogPlace[]): Promise<void> {
  try {
    const found: NamedLogRecord[] = [];
    for await (const named of readLog(state.source, places)) found.push(named);
    for (const named of found) follow(reading, named);
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    const [first, ...others] = places;
    // One bad record fails the batch: singly the others are saved.
    if (others.length > 0) for (const place of places) await readPlaces(state, reading, [place]);
    else if (first) reading.breaks.push({ after: reading.reached?.sequence ?? 0, message: error.message });
  }
}

async function* readAll(state: CheckState, reading: Reading): CheckPart {
  const places = await listLog(state.source);
  for (let at = 0; at < places.length; at += BATCH_PLACES) {
    state.signal?.throwIfAborted();
    await readPlaces(state, reading, places.slice(at, at + BATCH_PLACES));
    yield {
      type: "progress",
      phase: "log",
      done: Math.min(at + BATCH_PLACES, places.length),
      total: places.length,
    };
  }
}

/** What a rebuild could not read: a finding, or only a note when a checkpoint after it makes it needless. */
function* tell(state: CheckState, message: string, needed: boolean): Generator<CheckEvent> {
  if (needed) yield finding(state, { what: "log", kind: "log", message });
  else yield { type: "note", message: `${message}; a newer checkpoint replaces that part of the log` };
}

/** Reads the log. */
export async function* checkLog(state: CheckState): CheckPart {
  const { source } = state;
  const end = source.head();
  const reading: Reading = { before: null, reached: null, checkpoints: [], breaks: [] };
  yield* checkPacks(state, "log");
  yield* readAll(state, reading);
  const reached = reading.reached?.sequence ?? 0;
  if (reached < end.sequence) {
    const message = `the log ends at record ${reached}, but ${end.sequence} (${end.name.toString("hex")}) were committed`;
    reading.breaks.push({ after: reached, message });
  }
  const start = yield* newestCheckpoint(state, reading.checkpoints);
  const { before } = reading;
  if (before !== null && before.sequence > (start ?? 0))
    reading.breaks.unshift({
      after: before.sequence,
      message: `the log record ${before.sequence} (${before.name.toString("hex")}) is in no pack that the index knows, and no checkpoint holds what it did`,
    });
  // The record of the checkpoint's state, or the next one, tells its name: a rebuild begins there.
  for (const { after, message } of reading.breaks)
    yield* tell(state, message, start === null || after >= start);
}

/** The newest checkpoint that is whole; those that are not are found. */
async function* newestCheckpoint(
  state: CheckState,
  checkpoints: readonly Checkpoint[],
): AsyncGenerator<CheckEvent, number | null> {
  for (const { sequence, root } of checkpoints.toReversed()) {
    const problem = root === null ? null : await checkpointProblem(state, root);
    if (problem === null) return sequence;
    const message = `the checkpoint of log record ${sequence} is not whole (${problem}); a rebuild takes an older one or the whole log`;
    yield finding(state, { what: "checkpoint", kind: "node", message });
  }
  return null;
}

async function checkpointProblem(state: CheckState, root: Buffer): Promise<string | null> {
  const { backend, hash } = state.source;
  const fetch = fetchNodes(backend, hash);
  const stack: Buffer[] = [root];
  try {
    while (stack.length > 0) {
      state.signal?.throwIfAborted();
      for (const content of await fetch(stack.splice(-BATCH_PLACES)))
        for (const { name } of references(content, hashLength(hash))) stack.push(name);
    }
    return null;
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    return error.message;
  }
}
