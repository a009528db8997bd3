/** FORGET backup-id */
import { ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { RESERVED_DATABASE, RESERVED_KEYS, setHas } from "../../keyspace/index.ts";
import { writeStore } from "../../session/write.ts";
import { parseBlobName } from "../arguments/blob-name.ts";

export const forget: CommandHandler = async (session, args) => {
  const backup = parseBlobName(session, args[1]!);
  const id = backup.toString("hex");
  if (setHas(session.view, RESERVED_DATABASE, RESERVED_KEYS.pins, Buffer.from(id)))
    throw new ReplyError(`PINNED the backup ${id} is pinned; UNPIN it first`);
  await session.server.database.makeRoom();
  return await writeStore(session, { op: "forget", backup }, (removed) => removed);
};
