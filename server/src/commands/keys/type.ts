/** TYPE key */
import { SimpleString } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { keyType } from "../../keyspace/index.ts";
import { namedThing } from "../../views/named-thing.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed } from "../arguments/named.ts";

export const type: CommandHandler = (session, args) => {
  const key = args[1]!;
  if (!mayBeNamed(session, key))
    return new SimpleString(keyType(session.view, keyPlace(session, key), key) ?? "none");
  return namedThing(session, key).then((thing) => new SimpleString(thing?.type ?? "none"));
};
