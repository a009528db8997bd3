/** HGETALL key */
import { MapReply } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { hashEntries } from "../../keyspace/index.ts";
import { metaFields } from "../../views/meta-fields.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedMeta } from "../arguments/named.ts";

export const hgetall: CommandHandler = (session, args) => {
  const key = args[1]!;
  const entries = hashEntries(session.view, keyPlace(session, key), key);
  if (entries instanceof Promise) return entries.then((all) => new MapReply(all));
  if (entries.length > 0 || !mayBeNamed(session, key)) return new MapReply(entries);
  return namedMeta(session, key).then((meta) => new MapReply(meta === null ? [] : metaFields(meta)));
};
