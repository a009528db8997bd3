/** LPREV key index [WITH INDEX] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import { parseIndex } from "../arguments/integer.ts";
import { splitWithIndex } from "../arguments/words.ts";
import { oneItem, readItems } from "./read-list.ts";

export const lprev: CommandHandler = async (session, args) => {
  const { rest, withIndex } = splitWithIndex(args);
  if (rest.length !== 3) throw wrongArguments("lprev");
  const [item] = await readItems(session, rest[1]!, { to: parseIndex(rest[2]!), reverse: true, limit: 1 });
  return oneItem(item, withIndex);
};
