/** SREM key member [member ...] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { write } from "../../session/write.ts";

export const srem: CommandHandler = (session, args) =>
  write(
    session,
    { op: "srem", database: session.database, key: args[1]!, members: args.slice(2) },
    (removed) => removed,
  );
