/** SHUTDOWN [NOSAVE | SAVE] */
import { ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { syntaxError } from "../../dispatch/reply-errors.ts";
import { word } from "../arguments/words.ts";

const MODIFIERS = new Set(["NOSAVE", "SAVE", "NOW", "FORCE"]);

export const shutdown: CommandHandler = (session, args) => {
  for (const arg of args.slice(1)) if (!MODIFIERS.has(word(arg))) throw syntaxError();
  const { shutdown: end } = session.server;
  if (end === undefined) {
    throw new ReplyError(
      "ERR the store is open in a command that ends by itself; only datadb server can be shut down",
    );
  }
  end();
  // No reply: the connection closes when the server has ended in order.
  return new Promise(() => {});
};
