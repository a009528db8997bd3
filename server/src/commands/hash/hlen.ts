/** HLEN key */
import type { CommandHandler } from "../../dispatch/command.ts";
import { hashLength } from "../../keyspace/index.ts";
import { metaFields } from "../../views/meta-fields.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedMeta } from "../arguments/named.ts";

export const hlen: CommandHandler = (session, args) => {
  const key = args[1]!;
  const length = hashLength(session.view, keyPlace(session, key), key);
  if (length > 0 || !mayBeNamed(session, key)) return length;
  return namedMeta(session, key).then((meta) => (meta === null ? 0 : metaFields(meta).length));
};
