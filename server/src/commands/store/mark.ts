/** MARK backup-id paths */
import { OK, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { writeStore } from "../../session/write.ts";
import { parseBlobName } from "../arguments/blob-name.ts";
import { parseTexts } from "../arguments/texts.ts";

export const mark: CommandHandler = (session, args) => {
  const backup = parseBlobName(session, args[1]!);
  const lost = parseTexts(args[2]!, "paths");
  return writeStore(session, { op: "mark", backup, lost }, (found) => {
    if (found === 0)
      throw new ReplyError(`NOTFOUND there is no backup ${backup.toString("hex")}; BACKUPS lists them`);
    return OK;
  });
};
