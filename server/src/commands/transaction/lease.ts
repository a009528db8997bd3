/** LEASE [SECONDS seconds] [ID lease-id] */
import { formatHex, parseHex, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { takeLease } from "../../session/session-lease.ts";
import { parseCount } from "../arguments/integer.ts";
import { parseOptions } from "../arguments/words.ts";

/** Longer ones would keep garbage for ever when a client is gone. */
const MAX_SECONDS = 30 * 24 * 3600;
const ID_BYTES = 16;

export const lease: CommandHandler = async (session, args) => {
  const options = parseOptions(args, 1, ["SECONDS", "ID"]);
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
  return formatHex((await takeLease(session, wanted)).id);
};
