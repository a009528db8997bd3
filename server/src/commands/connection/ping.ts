/** PING [message] */
import { PONG } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";

export const ping: CommandHandler = (_session, args) => {
  if (args.length > 2) throw wrongArguments("ping");
  return args[1] ?? PONG;
};
