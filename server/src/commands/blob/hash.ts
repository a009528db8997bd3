/** HASH data */
import { formatHex, hashOf } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";

export const hash: CommandHandler = ({ server }, args) =>
  formatHex(hashOf(server.database.info.hash, args[1]!));
