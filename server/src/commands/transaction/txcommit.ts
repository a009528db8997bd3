/** TXCOMMIT */
import { OK } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { noTransaction } from "../../dispatch/reply-errors.ts";
import { refuseReplacing } from "../../session/append-only.ts";

/**
 * When it fails the transaction stays open, so that a client that lost blobs (LEASELOST) can put them again and repeat TXCOMMIT.
 * While it runs the session has no transaction: what comes next in the pipeline may start another.
 */
export const txcommit: CommandHandler = async (session) => {
  const { transaction, server } = session;
  if (transaction === null) throw noTransaction();
  const { commits, keyspace } = server.database;
  const commit = () => commits.commit(transaction.operations, { txid: transaction.id, blobs: true });
  session.transaction = null;
  try {
    if (!server.users.required) await commit();
    else {
      const proving = session.right === "append";
      await server.writeGate.enter(proving);
      try {
        if (proving) refuseReplacing(session, keyspace, transaction.operations);
        await commit();
      } finally {
        server.writeGate.leave();
      }
    }
    return OK;
  } catch (error) {
    session.transaction ??= transaction;
    throw error;
  }
};
