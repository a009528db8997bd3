/** DONE: the durability barrier. */
import { OK } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";

export const done: CommandHandler = async (session) => {
  await session.server.database.blobs.flush();
  await session.lease?.flush();
  return OK;
};
