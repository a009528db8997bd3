/** TAG backup-id tags */
import { OK, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { writeStore } from "../../session/write.ts";
import { parseBlobName } from "../arguments/blob-name.ts";
import { parseTexts } from "../arguments/texts.ts";

export const tag: CommandHandler = (session, args) => {
  const backup = parseBlobName(session, args[1]!);
  const tags = parseTexts(args[2]!, "tags");
  return writeStore(session, { op: "tag", backup, tags }, (found) => {
    if (found === 0)
      throw new ReplyError(`NOTFOUND there is no backup ${backup.toString("hex")}; BACKUPS lists them`);
    return OK;
  });
};
