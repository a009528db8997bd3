/** QUIT */
import { OK } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";

export const quit: CommandHandler = (session) => {
  session.closing = true;
  return OK;
};
