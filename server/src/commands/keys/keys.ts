/** KEYS pattern */
import type { CommandHandler } from "../../dispatch/command.ts";
import { RESERVED_DATABASE, scanKeys } from "../../keyspace/index.ts";
import { globMatcher, globPrefix } from "../arguments/glob.ts";

export const keys: CommandHandler = async (session, args) => {
  const pattern = args[1]!;
  const matches = globMatcher(pattern);
  const prefix = globPrefix(pattern);
  const found: Buffer[] = [];
  for (const database of [session.database, RESERVED_DATABASE]) {
    for await (const page of scanKeys(session.view, database, { from: prefix })) {
      for (const [key] of page) if (matches(key)) found.push(key);
      const last = page.at(-1)?.[0];
      if (last !== undefined && Buffer.compare(last.subarray(0, prefix.length), prefix) > 0) break;
    }
  }
  return found.sort(Buffer.compare);
};
