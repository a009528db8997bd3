/** LEASE [SECONDS seconds] [ID lease-id] [BACKUP backup-id], LEASE END */
import { formatHex, OK, parseHex, ReplyError } from "@datadb/protocol";
import type { Lease } from "../../database.ts";
import type { CommandHandler } from "../../dispatch/command.ts";
import type { Session } from "../../session/session.ts";
import { endLease, takeLease } from "../../session/session-lease.ts";
import { findBackup } from "../../stats/list-backups.ts";
import { parseBlobName } from "../arguments/blob-name.ts";
import { parseCount } from "../arguments/integer.ts";
import { parseOptions, word } from "../arguments/words.ts";

/** Longer ones would keep garbage for ever when a client is gone. */
const MAX_SECONDS = 30 * 24 * 3600;
const ID_BYTES = 16;

export const lease: CommandHandler = async (session, args) => {
  if (args.length === 2 && word(args[1]) === "END") {
    await session.server.database.makeRoom();
    await endLease(session);
    return OK;
  }
  const options = parseOptions(args, 1, ["SECONDS", "ID", "BACKUP"]);
  const wanted: { id?: Buffer; seconds?: number } = {};
  if (options.SECONDS !== undefined) {
    wanted.seconds = parseCount(options.SECONDS);
    if (wanted.seconds < 1 || wanted.seconds > MAX_SECONDS)
      throw new ReplyError(`ERR SECONDS is 1 to ${MAX_SECONDS}`);
  }
  const id = options.ID === undefined ? session.lease?.id : parseHex(options.ID, ID_BYTES);
  if (options.ID !== undefined && id === undefined)
    throw new ReplyError(`ERR a lease id has ${2 * ID_BYTES} hexadecimal digits`);
  if (id !== undefined) wanted.id = id;
  const taken = await takeLease(session, wanted);
  if (options.BACKUP !== undefined)
    await protectBackup(session, taken, parseBlobName(session, options.BACKUP));
  return formatHex(taken.id);
};

/** The whole tree of a listed backup, and its scan cache, stay as long as the lease, also when the backup is forgotten. */
async function protectBackup(session: Session, taken: Lease, backup: Buffer): Promise<void> {
  const { blobs, keyspace } = session.server.database;
  const found = await findBackup(keyspace, blobs.hash, formatHex(backup));
  if (found === null)
    throw new ReplyError(`NOTFOUND there is no backup ${formatHex(backup)}; BACKUPS lists them`);
  for (const { kind, name } of found) await blobs.hasMany(kind, [name], taken);
  await taken.flush();
}
