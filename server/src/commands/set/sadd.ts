/** SADD key member [member ...] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { write } from "../../session/write.ts";

export const sadd: CommandHandler = (session, args) =>
  write(
    session,
    { op: "sadd", database: session.database, key: args[1]!, members: args.slice(2) },
    (added) => added,
  );
