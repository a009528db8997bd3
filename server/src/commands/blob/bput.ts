/** BPUT data [KIND data | node] [BASE name] */
import { formatHex, MAX_BLOB_BYTES, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import type { Turn } from "../../session/command-order.ts";
import { sessionLease } from "../../session/session-lease.ts";
import { parseBlobName, parseKind } from "../arguments/blob-name.ts";
import { parseOptions, word } from "../arguments/words.ts";
import { checkNode } from "./check-node.ts";

export const bput: CommandHandler = async (session, args) => {
  const content = args[1]!;
  const options = args.length === 2 ? {} : parseOptions(args, 2, ["KIND", "BASE"]);
  const kind = options.KIND === undefined ? "data" : parseKind(options.KIND);
  if (content.length > MAX_BLOB_BYTES) throw new ReplyError(`ERR a blob has at most ${MAX_BLOB_BYTES} bytes`);
  const { blobs } = session.server.database;
  if (kind === "node") checkNode(content, blobs.hash);
  const base = options.BASE === undefined ? {} : { base: parseBlobName(session, options.BASE) };
  const lease = await sessionLease(session);
  return formatHex(await blobs.putContent(kind, content, { ...base, lease }));
};

/** A node's children may be on their way in the same pipeline: it waits for them. Content waits for nothing. */
export function bputTurn(args: readonly Buffer[]): Turn {
  for (let at = 2; at + 1 < args.length; at += 2) {
    if (word(args[at]) === "KIND" && word(args[at + 1]) === "NODE") return "barrier";
  }
  return "write";
}
