/** RANGE start end [limit] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import { readString, scanKeys } from "../../keyspace/index.ts";
import { parseLimit } from "../arguments/integer.ts";

export const range: CommandHandler = async (session, args) => {
  if (args.length > 4) throw wrongArguments("range");
  const [, from, end] = args as [Buffer, Buffer, Buffer];
  const limit = parseLimit(args[3]);
  const { view, database } = session;
  const values: Buffer[] = [];
  // The end is included: the first key behind it is the end itself and a zero byte.
  for await (const page of scanKeys(view, database, { from, to: Buffer.concat([end, Buffer.of(0)]) })) {
    for (const [key, type] of page) {
      const value = type === "string" ? readString(view, database, key) : null;
      if (value !== null) values.push(value);
      if (values.length === limit) return values;
    }
  }
  return values;
};
