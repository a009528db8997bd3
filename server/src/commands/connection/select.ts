/** SELECT database */
import { MAX_KEY_BYTES, OK, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";

/** A name is part of every key, so it is kept short. */
const MAX_NAME_BYTES = Math.min(256, MAX_KEY_BYTES);

export const select: CommandHandler = (session, args) => {
  const name = args[1]!;
  if (name.length === 0)
    throw new ReplyError("ERR the database without a name is reserved for backups; choose another name");
  if (name.length > MAX_NAME_BYTES)
    throw new ReplyError(`ERR a database's name has at most ${MAX_NAME_BYTES} bytes`);
  session.database = Buffer.from(name);
  return OK;
};
