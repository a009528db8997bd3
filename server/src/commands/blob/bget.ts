/** BGET name [KIND data | node] */
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import { parseBlobName, splitKind } from "../arguments/blob-name.ts";

export const bget: CommandHandler = async (session, args) => {
  const { rest, kind } = splitKind(args);
  if (rest.length !== 2) throw wrongArguments("bget");
  const name = parseBlobName(session, rest[1]!);
  const { blobs } = session.server.database;
  if (kind !== undefined) return blobs.getContent(kind, name);
  return (await blobs.getContent("data", name)) ?? (await blobs.getContent("node", name));
};
