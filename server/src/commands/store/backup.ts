/** BACKUP host path ref [ts time] [field value ...] */
import { formatHex, nodeType, ReplyError } from "@datadb/protocol";
import { may } from "../../access/may.ts";
import type { CommandHandler } from "../../dispatch/command.ts";
import { noChild, wrongArguments } from "../../dispatch/reply-errors.ts";
import { parseBlobName } from "../arguments/blob-name.ts";

/** Fields that the server writes. */
const RESERVED = new Set(["id", "snapshot", "hostname", "path", "ref"]);
/** One more, which a copy may bring along. */
const TIME = "ts";
const MAX_TEXT_BYTES = 64 * 1024;

export const backup: CommandHandler = async (session, args) => {
  const [, host, path, refText] = args as [Buffer, Buffer, Buffer, Buffer];
  const { fields, timestamp } = parseFields(args);
  if (timestamp !== undefined && !may(session.right, "admin"))
    throw new ReplyError("NOPERM only a user with the right admin gives a backup its time (the field 'ts')");
  if (host.length === 0 || path.length === 0) throw new ReplyError("ERR host and path cannot be empty");
  if (host.length > MAX_TEXT_BYTES || path.length > MAX_TEXT_BYTES) {
    throw new ReplyError(`ERR host and path have at most ${MAX_TEXT_BYTES} bytes`);
  }
  const { transaction } = session;
  if (transaction === null)
    throw new ReplyError("ERR BACKUP needs a transaction: send TXINIT first, TXCOMMIT lists the backup");
  const ref = parseBlobName(session, refText);
  const { blobs, commits } = session.server.database;
  const content = await blobs.getContent("node", ref);
  if (content === null) throw noChild("node", formatHex(ref));
  if (nodeType(content) !== "meta")
    throw new ReplyError(`ERR the node ${formatHex(ref)} is no meta: a backup's ref is its root meta`);
  const copy = timestamp === undefined ? undefined : { timestamp, ref };
  const reserved = await commits.reserveBackup(Buffer.from(host), Buffer.from(path), copy);
  await transaction.add({
    op: "backup",
    host: Buffer.from(host),
    path: Buffer.from(path),
    timestamp: reserved.timestamp,
    ref,
    fields,
  });
  return [formatHex(reserved.backup), formatHex(reserved.snapshot), reserved.timestamp];
};

function parseFields(args: readonly Buffer[]): { fields: [Buffer, Buffer][]; timestamp?: string } {
  if (args.length % 2 !== 0) throw wrongArguments("backup");
  const fields: [Buffer, Buffer][] = [];
  let timestamp: string | undefined;
  for (let at = 4; at < args.length; at += 2) {
    const field = args[at]!.toString("latin1");
    if (RESERVED.has(field))
      throw new ReplyError(`ERR the field '${field}' is the server's: choose another name`);
    if (field === TIME) timestamp = args[at + 1]!.toString("latin1", 0, 64);
    else fields.push([Buffer.from(args[at]!), Buffer.from(args[at + 1]!)]);
  }
  return { fields, ...(timestamp === undefined ? {} : { timestamp }) };
}
