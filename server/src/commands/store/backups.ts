/** BACKUPS [SNAPSHOT snapshot-id] [HOST host] [LIMIT count] */
import { MapReply, type Reply } from "@datadb/protocol";
import type { View } from "../../database.ts";
import type { CommandHandler } from "../../dispatch/command.ts";
import { hashEntries, hashGet, RESERVED_DATABASE, RESERVED_KEYS, setHas } from "../../keyspace/index.ts";
import { parseBlobName } from "../arguments/blob-name.ts";
import { parseLimit } from "../arguments/integer.ts";
import { parseOptions } from "../arguments/words.ts";
import { type ListedBackup, listBackupIds } from "./backup-list.ts";

const HOSTNAME = Buffer.from("hostname");

export const backups: CommandHandler = async (session, args) => {
  const options = parseOptions(args, 1, ["SNAPSHOT", "HOST", "LIMIT"]);
  const limit = parseLimit(options.LIMIT);
  const { view } = session;
  const snapshot = options.SNAPSHOT && Buffer.from(parseBlobName(session, options.SNAPSHOT).toString("hex"));
  const host = options.HOST;
  const listed = await listBackupIds(view, snapshot, host === undefined ? limit : undefined);
  const wanted =
    host === undefined ? listed : listed.filter(({ backup }) => hostOf(view, backup)?.equals(host));
  const replies: Reply[] = [];
  for (const one of wanted.slice(0, limit)) replies.push(await describe(view, one));
  return replies;
};

function hostOf(view: View, backup: Buffer): Buffer | null {
  return hashGet(view, RESERVED_DATABASE, backup, HOSTNAME);
}

async function describe(view: View, { backup, snapshot }: ListedBackup): Promise<Reply> {
  const pinned = setHas(view, RESERVED_DATABASE, RESERVED_KEYS.pins, backup);
  return new MapReply([
    ["id", backup],
    ["snapshot", snapshot],
    ...(await hashEntries(view, RESERVED_DATABASE, backup)),
    ["pinned", pinned ? "1" : "0"],
  ]);
}
