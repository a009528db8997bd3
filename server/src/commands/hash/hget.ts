/** HGET key field */
import type { CommandHandler } from "../../dispatch/command.ts";
import { hashGet } from "../../keyspace/index.ts";
import { metaFields } from "../../views/meta-fields.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed, namedMeta } from "../arguments/named.ts";

export const hget: CommandHandler = (session, args) => {
  const [, key, field] = args as [Buffer, Buffer, Buffer];
  const value = hashGet(session.view, keyPlace(session, key), key, field);
  if (value !== null || !mayBeNamed(session, key)) return value;
  return namedMeta(session, key).then((meta) => {
    const wanted = field.toString();
    const found = meta === null ? undefined : metaFields(meta).find(([name]) => name === wanted);
    return found?.[1] ?? null;
  });
};
