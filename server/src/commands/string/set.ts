/** SET key value */
import { OK } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { syntaxError } from "../../dispatch/reply-errors.ts";
import { write } from "../../session/write.ts";

const ok = () => OK;

export const set: CommandHandler = (session, args) => {
  // Expiry and the like have no place in a store of backups: refused rather than ignored.
  if (args.length > 3) throw syntaxError();
  return write(session, { op: "set", database: session.database, key: args[1]!, value: args[2]! }, ok);
};
