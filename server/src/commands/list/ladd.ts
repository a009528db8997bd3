/** LADD key index value [index value ...] */
import { OK } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import { write } from "../../session/write.ts";
import { parseIndex } from "../arguments/integer.ts";

export const ladd: CommandHandler = (session, args) => {
  if (args.length % 2 !== 0) throw wrongArguments("ladd");
  const entries: [bigint, Buffer][] = [];
  for (let at = 2; at < args.length; at += 2) entries.push([parseIndex(args[at]!), args[at + 1]!]);
  return write(session, { op: "ladd", database: session.database, key: args[1]!, entries }, () => OK);
};
