/** LLAST key [start end [limit]] [WITH INDEX] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import { splitWithIndex } from "../arguments/words.ts";
import { parseRange } from "./lrange.ts";
import { oneItem, readItems } from "./read-list.ts";

export const llast: CommandHandler = async (session, args) => {
  const { rest, withIndex } = splitWithIndex(args);
  if (rest.length !== 2 && rest.length !== 4 && rest.length !== 5) throw wrongArguments("llast");
  const range = rest.length === 2 ? {} : parseRange(rest.slice(2));
  // With a limit it is the last of the first ones; without, one step from the end.
  const items = await readItems(
    session,
    rest[1]!,
    range.limit === undefined ? { ...range, reverse: true, limit: 1 } : range,
  );
  return oneItem(items.at(-1), withIndex);
};
