/** HELLO [protover [AUTH username password] [SETNAME clientname]] */
import { MapReply, ReplyError, type RespVersion } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { VERSION } from "../../dispatch/version.ts";
import { word } from "../arguments/words.ts";
import { authenticate } from "./auth.ts";
import { parseClientName } from "./client-name.ts";

export const hello: CommandHandler = async (session, args) => {
  const version = parseVersion(args[1], session.protocol);
  const options = parse(args);
  const name = options.name === undefined ? undefined : parseClientName(options.name);
  if (options.auth !== undefined) await authenticate(session, options.auth[0], options.auth[1]);
  if (session.user === null) {
    throw new ReplyError(
      "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
    );
  }
  if (name !== undefined) session.name = name;
  session.protocol = version;
  return new MapReply([
    ["server", "datadb"],
    ["version", VERSION],
    ["proto", version],
    ["id", session.id],
    ["mode", "standalone"],
    ["role", "master"],
    ["modules", []],
  ]);
};

function parseVersion(arg: Buffer | undefined, current: RespVersion): RespVersion {
  if (arg === undefined) return current;
  const text = arg.toString("latin1", 0, 32);
  if (!/^-?\d+$/.test(text)) throw new ReplyError("ERR Protocol version is not an integer or out of range");
  if (text !== "2" && text !== "3") throw new ReplyError("NOPROTO unsupported protocol version");
  return text === "2" ? 2 : 3;
}

function parse(args: readonly Buffer[]): { auth?: [string, string]; name?: Buffer } {
  const options: { auth?: [string, string]; name?: Buffer } = {};
  let at = 2;
  while (at < args.length) {
    const name = word(args[at]);
    if (name === "AUTH" && at + 2 < args.length) {
      options.auth = [args[at + 1]!.toString(), args[at + 2]!.toString()];
      at += 3;
    } else if (name === "SETNAME" && at + 1 < args.length) {
      options.name = args[at + 1]!;
      at += 2;
    } else throw new ReplyError(`ERR Syntax error in HELLO option '${args[at]!.toString("latin1", 0, 64)}'`);
  }
  return options;
}
