/** TXDISCARD */
import { OK } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { noTransaction } from "../../dispatch/reply-errors.ts";

export const txdiscard: CommandHandler = (session) => {
  if (session.transaction === null) throw noTransaction();
  session.transaction = null;
  return OK;
};
