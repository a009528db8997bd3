/** LINDEX key index */
import type { CommandHandler } from "../../dispatch/command.ts";
import { parseIndex } from "../arguments/integer.ts";
import { oneItem, readItems } from "./read-list.ts";

export const lindex: CommandHandler = async (session, args) => {
  const index = parseIndex(args[2]!);
  const [item] = await readItems(session, args[1]!, { from: index, to: index, limit: 1 });
  return oneItem(item, false);
};
