/** The reply of BACKUPS as maps of text. */
import { type PlainReply, WrongReplyError } from "@datadb/protocol";

/** One map a backup, in reply order. Throws WrongReplyError when it is no array of flat field-value arrays. */
export function backupMaps(reply: PlainReply): Map<string, string>[] {
  if (!Array.isArray(reply)) throw new WrongReplyError("BACKUPS did not answer an array");
  return reply.map((fields) => {
    if (!Array.isArray(fields) || fields.length % 2 !== 0)
      throw new WrongReplyError("BACKUPS answered no map");
    const map = new Map<string, string>();
    for (let at = 0; at < fields.length; at += 2) map.set(String(fields[at]), String(fields[at + 1]));
    return map;
  });
}
