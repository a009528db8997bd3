/** CLIENT and its subcommands */
import { OK, type Reply, ReplyError, Verbatim } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { containerHandler } from "../../dispatch/container-handler.ts";
import { notAnInteger, syntaxError } from "../../dispatch/reply-errors.ts";
import { clientLine } from "../../session/client-line.ts";
import type { Session } from "../../session/session.ts";
import { parseCount } from "../arguments/integer.ts";
import { word } from "../arguments/words.ts";
import { parseClientName } from "./client-name.ts";

export const client: CommandHandler = containerHandler("client", {
  id: (session) => session.id,
  info: (session) => new Verbatim(`${clientLine(session)}\n`),
  list: (session, args) => new Verbatim(lines(selected(session, args))),
  getname: (session) => (session.name === "" ? null : session.name),
  setname: (session, args) => {
    session.name = parseClientName(args[2]!);
    return OK;
  },
  setinfo: (session, args) => {
    const attribute = word(args[2]);
    const value = parseClientName(args[3]!, attribute.toLowerCase());
    if (attribute === "LIB-NAME") session.library.name = value;
    else if (attribute === "LIB-VER") session.library.version = value;
    else throw new ReplyError(`ERR Unrecognized option '${args[2]!.toString("latin1", 0, 64)}'`);
    return OK;
  },
  "no-evict": (_session, args) => {
    if (!["ON", "OFF"].includes(word(args[2]))) throw syntaxError();
    return OK;
  },
  kill,
});

function selected(session: Session, args: readonly Buffer[]): Session[] {
  const all = [...session.server.sessions.values()];
  if (args.length === 2) return all;
  if (word(args[2]) !== "ID" || args.length < 4) throw syntaxError();
  const wanted = new Set(args.slice(3).map((arg) => clientId(arg)));
  return all.filter((other) => wanted.has(other.id));
}

function clientId(arg: Buffer): number {
  try {
    return parseCount(arg);
  } catch {
    throw new ReplyError("ERR Invalid client ID");
  }
}

function lines(sessions: readonly Session[]): string {
  return sessions.map((session) => `${clientLine(session)}\n`).join("");
}

/** CLIENT KILL ip:port, or CLIENT KILL ID n, or CLIENT KILL ADDR ip:port. */
function kill(session: Session, args: readonly Buffer[]): Reply {
  const old = args.length === 3;
  if (!old && args.length !== 4) throw syntaxError();
  const by = old ? "ADDR" : word(args[2]);
  if (by !== "ID" && by !== "ADDR") throw syntaxError();
  const value = args.at(-1)!;
  if (by === "ID" && !/^\d+$/.test(value.toString("latin1", 0, 20))) throw notAnInteger();
  const victims = [...session.server.sessions.values()].filter(
    (other) =>
      other.channel !== undefined &&
      (by === "ID" ? other.id === Number(value) : other.address === value.toString()),
  );
  for (const victim of victims) {
    if (victim === session) victim.closing = true;
    else victim.channel?.close();
  }
  if (!old) return victims.length;
  if (victims.length === 0) throw new ReplyError("ERR No such client");
  return OK;
}
