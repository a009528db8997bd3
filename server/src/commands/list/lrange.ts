/** LRANGE key start end [limit] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import type { ListRange } from "../../keyspace/index.ts";
import { parseIndex, parseLimit } from "../arguments/integer.ts";
import { flatItems, readItems } from "./read-list.ts";

export const lrange: CommandHandler = async (session, args) => {
  if (args.length > 5) throw wrongArguments("lrange");
  return flatItems(await readItems(session, args[1]!, parseRange(args.slice(2))), false);
};

/** start end [limit] */
export function parseRange(args: readonly Buffer[]): ListRange {
  const limit = parseLimit(args[2]);
  return { from: parseIndex(args[0]!), to: parseIndex(args[1]!), ...(limit === undefined ? {} : { limit }) };
}
