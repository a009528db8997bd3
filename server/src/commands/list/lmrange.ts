/** LMRANGE key start end [limit] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import { MAX_INDEX } from "../arguments/integer.ts";
import { parseRange } from "./lrange.ts";
import { flatItems, type ListItem, readItems } from "./read-list.ts";

/** So many pairs come where there are as many, beyond the end if need be. */
const AT_LEAST = 2;

export const lmrange: CommandHandler = async (session, args) => {
  if (args.length > 5) throw wrongArguments("lmrange");
  const key = args[1]!;
  const range = parseRange(args.slice(2));
  const items: ListItem[] = await readItems(session, key, range);
  const room = (range.limit ?? Number.POSITIVE_INFINITY) - items.length;
  const wanted = Math.min(Math.max(1, AT_LEAST - items.length), room);
  const beyond = items.at(-1)?.[0] ?? range.from ?? 0n;
  const next = items.length === 0 ? beyond : (range.to ?? MAX_INDEX) + 1n;
  if (wanted > 0 && next <= MAX_INDEX)
    items.push(...(await readItems(session, key, { from: next, limit: wanted })));
  return flatItems(items, true);
};
