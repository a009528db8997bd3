/** The one place that writes the log and the keyspace. */
import type { Backend } from "@datadb/backends";
import {
  type BlobRecord,
  DatadbError,
  encodeLogRecord,
  type HashAlgorithm,
  ReadOnlyError,
} from "@datadb/protocol";
import type { ChangeSet } from "../keyspace/change-set.ts";
import type { CommittedView } from "../keyspace/committed-view.ts";
import type { Level } from "../keyspace/open-level.ts";
import { appendRecord, logBlob } from "./append-record.ts";
import { type AppliedGroup, applyGroup, type QueuedCommit, tellOutcomes } from "./commit-group.ts";
import type { Head } from "./head.ts";
import type { TransactionIds } from "./transaction-ids.ts";
import { writeLevel } from "./write-level.ts";

/** A record whose fate is not known: its sequence number belongs to it for good. */
interface Stuck {
  readonly record: BlobRecord;
  readonly group: AppliedGroup;
  readonly cause: Error;
}

/** What the executor works on; `openExecutorState` makes it. */
export interface ExecutorState {
  readonly level: Level;
  readonly view: CommittedView;
  readonly backend: Backend;
  readonly hash: HashAlgorithm;
  readonly storeId: Buffer;
  readonly transactions: TransactionIds;
  head: Head;
  /** Milliseconds since 1970. */
  now(): number;
  /** Called, and awaited, before this process appends its first record. */
  beforeFirst: (() => Promise<void>) | null;
  /** Called after each published record. */
  onRecord(sequence: number, group: AppliedGroup, bytes: number): void;
  /** Why this store takes no commits at all; null when it does. */
  readonly refused: Error | null;
  stuck: Stuck | null;
  levelFailure: Error | null;
  /** Settles when the last published group is in LevelDB, or never will be. */
  levelWritten: Promise<void>;
}

function refusal(what: string, cause: Error): Error {
  if (cause instanceof DatadbError && cause.code === "DISK_FULL") return cause;
  return new ReadOnlyError(`${what}: ${cause.message}`, {
    cause,
    next: "mend what the message names, then try again or restart the server",
  });
}

/** Why nothing can be committed, or null. */
export function readOnlyReason({ refused, stuck, levelFailure }: ExecutorState): Error | null {
  if (refused !== null) return refused;
  if (levelFailure !== null)
    return refusal("nothing can be committed, since meta/ cannot be written", levelFailure);
  return stuck === null
    ? null
    : refusal("nothing can be committed, since the log cannot be written", stuck.cause);
}

async function writeChanges(
  state: ExecutorState,
  changes: ChangeSet,
  ids: ReturnType<TransactionIds["take"]>,
): Promise<void> {
  try {
    await writeLevel(state.level, changes, state.head, ids);
    state.view.settle(changes);
  } catch (error) {
    // The log has it and the view shows it: reads go on, and the next open replays it.
    state.levelFailure = error as Error;
  }
}

function publish(state: ExecutorState, record: BlobRecord, group: AppliedGroup): void {
  const { changes } = group.view;
  state.head = { sequence: state.head.sequence + 1, name: record.name };
  state.view.publish(changes);
  state.levelWritten = writeChanges(
    state,
    changes,
    state.transactions.take(state.head.sequence, group.txids),
  );
  state.onRecord(state.head.sequence, group, record.length);
}

/** Makes a record durable and publishes it; null, or why it is stuck. */
async function append(
  state: ExecutorState,
  record: BlobRecord,
  group: AppliedGroup,
  attempts?: number,
): Promise<Error | null> {
  try {
    await state.beforeFirst?.();
    state.beforeFirst = null;
    await appendRecord(state.backend, record, attempts);
    state.stuck = null;
  } catch (error) {
    state.stuck = { record, group, cause: error as Error };
    return readOnlyReason(state);
  }
  // At most one batch is in LevelDB's hands: its memory stays bounded, and batches stay in order.
  await state.levelWritten;
  publish(state, record, group);
  return null;
}

function encodeGroup(state: ExecutorState, { commits }: AppliedGroup): BlobRecord {
  const { head, hash, storeId } = state;
  const content = encodeLogRecord({
    sequence: head.sequence + 1,
    previous: head.name,
    time: state.now(),
    commits,
  });
  return logBlob(hash, storeId, content);
}

/** A record that is stuck goes first, or nothing goes. */
async function unstick(state: ExecutorState): Promise<Error | null> {
  const { stuck, levelFailure } = state;
  if (stuck === null || levelFailure !== null) return readOnlyReason(state);
  return append(state, stuck.record, stuck.group, 1);
}

async function tryGroup(
  state: ExecutorState,
  queued: readonly QueuedCommit[],
): Promise<Error | AppliedGroup> {
  try {
    const hindrance = await unstick(state);
    if (hindrance !== null) return hindrance;
    const group = await applyGroup(state.view, queued, state.hash, state.transactions);
    const error = group.commits.length === 0 ? null : await append(state, encodeGroup(state, group), group);
    return error ?? group;
  } catch (error) {
    return error as Error;
  }
}

/** Applies, logs and publishes a group, then tells each commit its end. Never rejects. */
export async function commitGroup(state: ExecutorState, queued: readonly QueuedCommit[]): Promise<void> {
  const group = await tryGroup(state, queued);
  if (group instanceof Error) for (const commit of queued) commit.done(group, null);
  else tellOutcomes(group, state.head.sequence);
}
