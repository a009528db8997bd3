/** TXINIT [transaction-id] */
import { OK, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import { newTransactionId, openTransaction } from "../../session/transaction.ts";

const MAX_ID_BYTES = 64;

export const txinit: CommandHandler = (session, args) => {
  if (args.length > 2) throw wrongArguments("txinit");
  const given = args[1];
  if (session.transaction !== null) throw new ReplyError("ERR TXINIT calls can not be nested");
  if (given !== undefined && (given.length === 0 || given.length > MAX_ID_BYTES)) {
    throw new ReplyError(`ERR a transaction id has 1 to ${MAX_ID_BYTES} bytes`);
  }
  const id = given === undefined ? newTransactionId() : Buffer.from(given);
  session.transaction = openTransaction(session.server.database.commits, id);
  return given === undefined ? id : OK;
};
