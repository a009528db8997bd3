/** TAG backup-id tags */
import { OK, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { writeStore } from "../../session/write.ts";
import { parseBlobName } from "../arguments/blob-name.ts";

const MAX_TAGS_BYTES = 64 * 1024;

export const tag: CommandHandler = (session, args) => {
  const backup = parseBlobName(session, args[1]!);
  const tags = parseTags(args[2]!);
  return writeStore(session, { op: "tag", backup, tags }, (found) => {
    if (found === 0)
      throw new ReplyError(`NOTFOUND there is no backup ${backup.toString("hex")}; BACKUPS lists them`);
    return OK;
  });
};

function parseTags(arg: Buffer): Buffer {
  if (arg.length > MAX_TAGS_BYTES) throw new ReplyError(`ERR tags have at most ${MAX_TAGS_BYTES} bytes`);
  try {
    const tags: unknown = JSON.parse(arg.toString());
    if (Array.isArray(tags) && tags.every((one) => typeof one === "string"))
      return Buffer.from(JSON.stringify(tags));
  } catch {
    // Said below, for both.
  }
  throw new ReplyError('ERR tags are a JSON array of strings, e.g. ["before-upgrade"]');
}
