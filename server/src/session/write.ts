/** The way of every key write: into the open transaction, or as a commit of its own. */
import { MAX_KEY_BYTES, type Operation, type Reply, ReplyError } from "@datadb/protocol";
import { isReservedKey } from "../commands/arguments/key-place.ts";
import type { OperationResult } from "../database.ts";
import { reservedKey } from "../dispatch/reply-errors.ts";
import { refuseReplacing } from "./append-only.ts";
import { ownOperation } from "./own-operation.ts";
import type { Session } from "./session.ts";

/** An operation that users may give on a key of theirs. */
export type KeyOperation = Extract<Operation, { key: Buffer }>;

/**
 * Adds the operation to the session's transaction, else commits it; answers what `reply` makes of its result. Reserved keys are
 * refused, and so is replacing for users with the right append. The usual way, a commit of its own, makes one promise
 * that never rejects: thousands of them wait for one group commit.
 */
export function write(
  session: Session,
  operation: KeyOperation,
  reply: (result: OperationResult) => Reply,
): Reply | Promise<Reply> {
  checkKey(operation.key);
  const { transaction, server } = session;
  if (transaction === null && !server.users.required) {
    return new Promise((resolve) => {
      server.database.commits.submit(operation, (error, result) => {
        resolve(error === null ? reply(result) : session.failure(operation.op, error));
      });
    });
  }
  const failed = (error: unknown): Reply => session.failure(operation.op, error);
  if (transaction === null) {
    return commitGated(session, [operation]).then((results) => reply(results[0] ?? 0), failed);
  }
  if (session.right === "append") return addProved(session, operation).then(reply, failed);
  const result = transaction.add(ownOperation(operation));
  return result instanceof Promise ? result.then(reply, failed) : reply(result);
}

/** Checked against the transaction's own view now, and against the committed state by TXCOMMIT. */
async function addProved(session: Session, operation: KeyOperation): Promise<OperationResult> {
  const owned = ownOperation(operation);
  const { transaction } = session;
  if (transaction === null) throw new ReplyError("ERR the transaction has ended");
  refuseReplacing(session, transaction.view, [owned]);
  return transaction.add(owned);
}

async function commitGated(
  session: Session,
  operations: readonly KeyOperation[],
): Promise<readonly OperationResult[]> {
  const { writeGate, database } = session.server;
  const proving = session.right === "append";
  await writeGate.enter(proving);
  try {
    if (proving) refuseReplacing(session, database.keyspace, operations);
    return (await database.commits.commit(operations)).results;
  } finally {
    writeGate.leave();
  }
}

/** The same for an operation on backups, which has no key of the user's. Its right is checked by dispatch. */
export function writeStore(
  session: Session,
  operation: Extract<Operation, { op: "forget" | "tag" | "mark" | "pin" | "unpin" }>,
  reply: (result: OperationResult) => Reply,
): Reply | Promise<Reply> {
  const { transaction, server } = session;
  if (transaction === null) {
    return server.database.commits.commit([operation]).then(({ results }) => reply(results[0] ?? 0));
  }
  const result = transaction.add(operation);
  return result instanceof Promise ? result.then(reply) : reply(result);
}

/** Several operations of one kind, at once or not at all. Never rejects either. */
export async function writeAll(
  session: Session,
  operations: readonly [KeyOperation, ...KeyOperation[]],
  reply: (results: readonly OperationResult[]) => Reply,
): Promise<Reply> {
  const { transaction } = session;
  try {
    for (const { key } of operations) checkKey(key);
    if (transaction === null) return reply(await commitGated(session, operations));
    const results: OperationResult[] = [];
    for (const operation of operations) results.push(await transaction.add(ownOperation(operation)));
    return reply(results);
  } catch (error) {
    return session.failure(operations[0].op, error);
  }
}

function checkKey(key: Buffer): void {
  if (isReservedKey(key)) throw reservedKey(key.toString("latin1"));
  if (key.length > MAX_KEY_BYTES) throw new ReplyError(`ERR a key has at most ${MAX_KEY_BYTES} bytes`);
}
