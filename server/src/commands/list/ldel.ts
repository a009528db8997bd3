/** LDEL key index [index ...] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { write } from "../../session/write.ts";
import { parseIndex } from "../arguments/integer.ts";

export const ldel: CommandHandler = (session, args) => {
  const indexes = args.slice(2).map(parseIndex);
  return write(
    session,
    { op: "ldel", database: session.database, key: args[1]!, indexes },
    (removed) => removed,
  );
};
