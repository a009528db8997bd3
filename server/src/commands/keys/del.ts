/** DEL key [key ...] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { write, writeAll } from "../../session/write.ts";

export const del: CommandHandler = (session, args) => {
  const { database } = session;
  if (args.length === 2) return write(session, { op: "del", database, key: args[1]! }, (removed) => removed);
  const [first, ...others] = args.slice(1).map((key) => ({ op: "del" as const, database, key }));
  return writeAll(session, [first!, ...others], (results) =>
    results.reduce((sum, removed) => sum + removed, 0),
  );
};
