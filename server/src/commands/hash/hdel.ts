/** HDEL key field [field ...] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { write } from "../../session/write.ts";

export const hdel: CommandHandler = (session, args) =>
  write(
    session,
    { op: "hdel", database: session.database, key: args[1]!, fields: args.slice(2) },
    (removed) => removed,
  );
