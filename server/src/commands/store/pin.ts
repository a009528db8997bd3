/** PIN backup-id, UNPIN backup-id */
import { ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { RESERVED_DATABASE } from "../../keyspace/index.ts";
import { writeStore } from "../../session/write.ts";
import { parseBlobName } from "../arguments/blob-name.ts";

function change(op: "pin" | "unpin"): CommandHandler {
  return (session, args) => {
    const backup = parseBlobName(session, args[1]!);
    const id = backup.toString("hex");
    if (session.view.header(RESERVED_DATABASE, Buffer.from(id)) === undefined)
      throw new ReplyError(`NOTFOUND there is no backup ${id}; BACKUPS lists them`);
    return writeStore(session, { op, backup }, (changed) => changed);
  };
}

export const pin: CommandHandler = change("pin");
export const unpin: CommandHandler = change("unpin");
