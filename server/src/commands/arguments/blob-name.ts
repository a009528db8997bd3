/** Names of blobs and kinds among arguments. */
import { hashLength, parseHex, ReplyError } from "@datadb/protocol";
import type { BlobKind } from "../../database.ts";
import { syntaxError } from "../../dispatch/reply-errors.ts";
import type { Session } from "../../session/session.ts";
import { word } from "./words.ts";

/** The name that an argument writes in hex. Throws ERR with the number of digits that the store's names have. */
export function parseBlobName(session: Session, arg: Buffer): Buffer {
  const bytes = hashLength(session.server.database.info.hash);
  const name = parseHex(arg, bytes);
  if (name !== undefined) return name;
  throw new ReplyError(
    `ERR a name in this store has ${2 * bytes} hexadecimal digits: '${shortened(arg)}' is none`,
  );
}

/** The same, or undefined for what is no name in this store. */
export function blobNameOf(session: Session, arg: Buffer): Buffer | undefined {
  return parseHex(arg, hashLength(session.server.database.info.hash));
}

export function parseKind(arg: Buffer): BlobKind {
  const kind = word(arg);
  if (kind === "DATA") return "data";
  if (kind === "NODE") return "node";
  if (kind === "LOG")
    throw new ReplyError("ERR log records are written by the server alone; a kind is data or node");
  throw syntaxError();
}

/** Splits `... [KIND kind]` off the end. */
export function splitKind(args: readonly Buffer[]): { rest: readonly Buffer[]; kind: BlobKind | undefined } {
  if (word(args.at(-2)) !== "KIND") return { rest: args, kind: undefined };
  return { rest: args.slice(0, -2), kind: parseKind(args.at(-1)!) };
}

function shortened(arg: Buffer): string {
  return arg.length > 80 ? `${arg.toString("latin1", 0, 80)}...` : arg.toString("latin1");
}
