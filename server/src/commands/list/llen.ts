/** LLEN key */
import type { CommandHandler } from "../../dispatch/command.ts";
import { listLength } from "../../keyspace/index.ts";
import { listTotals } from "../../views/list-entries.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedList } from "../arguments/named.ts";

export const llen: CommandHandler = (session, args) => {
  const key = args[1]!;
  const length = listLength(session.view, keyPlace(session, key), key);
  if (length > 0 || !mayBeNamed(session, key)) return length;
  return namedList(session, key).then(async (list) =>
    list === null ? 0 : (await listTotals(session.server, list)).entries,
  );
};
