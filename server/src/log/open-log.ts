/** Commits: from operations to a durable log record and a changed keyspace. */
import { MAX_TRANSACTION_BYTES, type Operation, ReadOnlyError } from "@datadb/protocol";
import type { BlobStore, CommitLog, CommitOptions, CommitResult } from "../database.ts";
import type { QueuedCommit } from "./commit-group.ts";
import { createCommitQueue } from "./commit-queue.ts";
import { commitGroup, type ExecutorState, readOnlyReason } from "./executor.ts";
import { operationBytes } from "./operation-bytes.ts";
import { listLog, readLog } from "./read-log.ts";
import { requireReferences } from "./require-references.ts";
import { createReservations } from "./reserve-backup.ts";
import { createTransaction, transactionTooBig } from "./transaction.ts";

const NO_ID = Buffer.alloc(0);
const MAX_ID_BYTES = 64;
const nothing = (): void => {};

/** Checkpoints, as commits see them. */
export interface Checkpoints {
  last(): number;
  write(): Promise<number>;
}

/** The commit log, and how it ends. */
export interface OpenLog extends CommitLog {
  /** Refuses new commits; resolves when those before are done and LevelDB has them. */
  close(): Promise<void>;
}

export function createLog(state: ExecutorState, blobs: BlobStore, checkpoints: Checkpoints): OpenLog {
  const queue = createCommitQueue((group) => commitGroup(state, group));
  let closed = false;
  const refusal = (): Error | null => (closed ? new ReadOnlyError("the store is being closed") : null);

  const enqueue = (operations: readonly Operation[], txid: Buffer, done: QueuedCommit["done"]): void => {
    let bytes = 0;
    for (const operation of operations) bytes += operationBytes(operation);
    const error = bytes > MAX_TRANSACTION_BYTES ? transactionTooBig(bytes) : refusal();
    if (error === null) queue.add({ operations, txid, bytes, done });
    else setImmediate(done, error, null);
  };
  const prepare = async (operations: readonly Operation[], options: CommitOptions): Promise<() => void> => {
    const backup = operations.some(({ op }) => op === "backup");
    // References first: the flush takes only what is there already. And again: it may have been another's that failed.
    const claim = backup ? await requireReferences(blobs, operations) : nothing;
    try {
      // Before the queue, so that others do not wait for the sync of these blobs.
      if (backup || options.blobs) await blobs.flush();
      return backup ? await requireReferences(blobs, operations) : nothing;
    } finally {
      claim();
    }
  };
  return {
    async commit(operations, options = {}): Promise<CommitResult> {
      const txid = options.txid ?? NO_ID;
      if (txid.length > MAX_ID_BYTES)
        throw new TypeError(`a transaction id has at most ${MAX_ID_BYTES} bytes`);
      const before = txid.length > 0 ? state.transactions.find(txid) : undefined;
      if (before !== undefined) return { sequence: before, results: [], repeated: true };
      const hindrance = closed ? refusal() : null;
      if (hindrance !== null) throw hindrance;
      const release = await prepare(operations, options);
      return new Promise<CommitResult>((resolve, reject) => {
        enqueue(operations, txid, (error, result) => (result === null ? reject(error) : resolve(result)));
      }).finally(release);
    },
    submit(operation, done) {
      enqueue([operation], NO_ID, (error, result) => done(error, result?.results[0] ?? 0));
    },
    begin: () => createTransaction(state.view, state.hash),
    reserveBackup: createReservations(state.view, state.hash, state.now),
    head: () => state.head,
    lastCheckpoint: checkpoints.last,
    checkpoint: checkpoints.write,
    readOnlyReason: () => readOnlyReason(state) ?? refusal(),
    async *records(from = checkpoints.last() + 1) {
      const places = await listLog(state);
      for await (const { record } of readLog(state, places)) if (record.sequence >= from) yield record;
    },
    async close() {
      closed = true;
      await queue.idle();
      await state.levelWritten;
    },
  };
}
