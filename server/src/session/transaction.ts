/** A session's open transaction: its id, and the operations that wait for TXCOMMIT. */
import { randomBytes } from "node:crypto";
import type { Operation } from "@datadb/protocol";
import type { CommitLog, OperationResult, Transaction as Pending, View } from "../database.ts";

export interface Transaction {
  /** What makes the commit idempotent; at most 64 bytes. */
  readonly id: Buffer;
  /** Committed state with the transaction's operations on top. */
  readonly view: View;
  readonly operations: readonly Operation[];
  /** Adds an operation behind those that are being added. Throws or rejects with ReplyError, TX_TOO_BIG: then nothing is added. */
  add(operation: Operation): OperationResult | Promise<OperationResult>;
}

/** A new id: 16 random bytes in hex. */
export function newTransactionId(): Buffer {
  return Buffer.from(randomBytes(16).toString("hex"));
}

export function openTransaction(commits: CommitLog, id: Buffer): Transaction {
  const pending: Pending = commits.begin();
  // The operation being added, when it takes time: those that come meanwhile are added after it.
  let last: Promise<unknown> | null = null;
  const later = (result: Promise<OperationResult>): Promise<OperationResult> => {
    const settled: Promise<void> = result.then(ignore, ignore).then(() => {
      if (last === settled) last = null;
    });
    last = settled;
    return result;
  };
  return {
    id,
    view: pending.view,
    operations: pending.operations,
    add: (operation) => {
      if (last !== null) return later(last.then(() => pending.add(operation)));
      const result = pending.add(operation);
      return result instanceof Promise ? later(result) : result;
    },
  };
}

function ignore(): void {}
