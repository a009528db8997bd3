/** EXISTS key [key ...] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { keyType } from "../../keyspace/index.ts";
import { namedThing } from "../../views/named-thing.ts";
import { keyPlace } from "../arguments/key-place.ts";
import { mayBeNamed } from "../arguments/named.ts";

export const exists: CommandHandler = (session, args) => {
  const keys = args.slice(1);
  const count = keys.filter((key) => keyType(session.view, keyPlace(session, key), key) !== null).length;
  const names = keys.filter((key) => mayBeNamed(session, key));
  if (names.length === 0) return count;
  return Promise.all(names.map((name) => namedThing(session, name))).then(
    (things) => count + things.filter((thing) => thing !== null).length,
  );
};
