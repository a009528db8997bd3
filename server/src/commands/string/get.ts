/** GET key */
import type { CommandHandler } from "../../dispatch/command.ts";
import { readString } from "../../keyspace/index.ts";
import { keyPlace } from "../arguments/key-place.ts";

export const get: CommandHandler = (session, args) =>
  readString(session.view, keyPlace(session, args[1]!), args[1]!);
