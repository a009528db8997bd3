/** LITER and LRITER key [WITH INDEX] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { syntaxError } from "../../dispatch/reply-errors.ts";
import { splitWithIndex } from "../arguments/words.ts";
import { flatItems, readItems } from "./read-list.ts";

function iterator(reverse: boolean): CommandHandler {
  return async (session, args) => {
    const { rest, withIndex } = splitWithIndex(args);
    if (rest.length !== 2) throw syntaxError();
    return flatItems(await readItems(session, rest[1]!, { reverse }), withIndex);
  };
}

export const liter: CommandHandler = iterator(false);
export const lriter: CommandHandler = iterator(true);
