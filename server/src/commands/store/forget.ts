/** FORGET backup-id */
import type { CommandHandler } from "../../dispatch/command.ts";
import { writeStore } from "../../session/write.ts";
import { parseBlobName } from "../arguments/blob-name.ts";

export const forget: CommandHandler = (session, args) =>
  writeStore(session, { op: "forget", backup: parseBlobName(session, args[1]!) }, (removed) => removed);
