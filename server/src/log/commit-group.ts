/** Applies queued commits, one after the other, on a layer over the committed state. */
import { type Commit, type HashAlgorithm, type Operation, ReplyError } from "@datadb/protocol";
import type { CommitResult, OperationResult, View } from "../database.ts";
import { applyOperation } from "../keyspace/apply/apply.ts";
import { createOverlay, type WritableView } from "../keyspace/overlay-view.ts";
import type { TransactionIds } from "./transaction-ids.ts";

/** A commit that waits for its group. */
export interface QueuedCommit {
  readonly operations: readonly Operation[];
  /** Empty outside a transaction. */
  readonly txid: Buffer;
  readonly bytes: number;
  /** Called once, when the group is durable or has failed. */
  done(error: Error | null, result: CommitResult | null): void;
}

/** A group after its operations were applied. */
export interface AppliedGroup {
  readonly view: WritableView;
  /** What the log record holds: the commits that did not fail, in order. */
  readonly commits: Commit[];
  readonly txids: Buffer[];
  /** What is told to each commit once the record, with this sequence number, is durable. */
  readonly outcomes: ((sequence: number) => void)[];
}

async function applyCommit(
  view: WritableView,
  commit: QueuedCommit,
  hash: HashAlgorithm,
): Promise<OperationResult[]> {
  const { changes } = view;
  const journal: (() => void)[] = [];
  changes.journal = journal;
  const results: OperationResult[] = [];
  try {
    for (const operation of commit.operations) results.push(await applyOperation(view, operation, hash));
    return results;
  } catch (error) {
    for (const undo of journal.reverse()) undo();
    throw error;
  } finally {
    changes.journal = null;
  }
}

function succeed(group: AppliedGroup, commit: QueuedCommit, results: OperationResult[]): void {
  const { operations, txid } = commit;
  group.commits.push({ txid, operations });
  if (txid.length > 0) group.txids.push(txid);
  group.outcomes.push((sequence) => commit.done(null, { sequence, results, repeated: false }));
}

/**
 * Applies commits on a new layer over `base`. One that fails fails alone, and leaves nothing behind; one whose transaction was
 * committed before is not made again. Rejects only when the keyspace cannot be read: then nothing may be written.
 */
export async function applyGroup(
  base: View,
  queued: readonly QueuedCommit[],
  hash: HashAlgorithm,
  known: TransactionIds,
): Promise<AppliedGroup> {
  const view = createOverlay(base);
  const group: AppliedGroup = { view, commits: [], txids: [], outcomes: [] };
  for (const commit of queued) {
    const { operations, txid } = commit;
    const before = txid.length > 0 ? known.find(txid) : undefined;
    const again = before === undefined && txid.length > 0 && group.txids.some((other) => other.equals(txid));
    if (before !== undefined || again) {
      group.outcomes.push((sequence) =>
        commit.done(null, { sequence: before ?? sequence, results: [], repeated: true }),
      );
      continue;
    }
    try {
      // The common commit, one operation: no journal, and no promise unless elements are to be removed.
      const [first] = operations;
      if (operations.length === 1 && first !== undefined) {
        const result = applyOperation(view, first, hash);
        succeed(group, commit, [result instanceof Promise ? await result : result]);
      } else {
        succeed(group, commit, await applyCommit(view, commit, hash));
      }
    } catch (error) {
      // Anything but an answer to the client may have left half an operation behind: the whole group is given up.
      if (!(error instanceof ReplyError)) throw error;
      group.outcomes.push(() => commit.done(error, null));
    }
  }
  return group;
}
