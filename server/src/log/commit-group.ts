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

/** What is told to a commit once the record of its group is durable. */
interface Outcome {
  readonly commit: QueuedCommit;
  /** Null when it failed or was made before. */
  readonly results: readonly OperationResult[] | null;
  readonly error: Error | null;
  /** The record that made it before; null when it is the group's. */
  readonly sequence: number | null;
}

/** A group after its operations were applied. */
export interface AppliedGroup {
  readonly view: WritableView;
  /** What the log record holds: the commits that did not fail, in order. */
  readonly commits: Commit[];
  readonly txids: Buffer[];
  readonly outcomes: Outcome[];
}

/** Tells every commit its end. */
export function tellOutcomes({ outcomes }: AppliedGroup, reached: number): void {
  for (const { commit, results, error, sequence } of outcomes) {
    if (error !== null) commit.done(error, null);
    else if (results === null)
      commit.done(null, { sequence: sequence ?? reached, results: [], repeated: true });
    else commit.done(null, { sequence: reached, results, repeated: false });
  }
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
    if (txid.length > 0) {
      const sequence = known.find(txid) ?? null;
      if (sequence !== null || group.txids.some((other) => other.equals(txid))) {
        group.outcomes.push({ commit, results: null, error: null, sequence });
        continue;
      }
    }
    try {
      // The common commit, one operation: no journal, and no promise unless elements are to be removed.
      const [first] = operations;
      let results: OperationResult[];
      if (operations.length === 1 && first !== undefined) {
        const result = applyOperation(view, first, hash);
        results = [typeof result === "number" ? result : await result];
      } else {
        results = await applyCommit(view, commit, hash);
      }
      group.commits.push(commit);
      if (txid.length > 0) group.txids.push(txid);
      group.outcomes.push({ commit, results, error: null, sequence: null });
    } catch (error) {
      // Anything but an answer to the client may have left half an operation behind: the whole group is given up.
      if (!(error instanceof ReplyError)) throw error;
      group.outcomes.push({ commit, results: null, error, sequence: null });
    }
  }
  return group;
}
