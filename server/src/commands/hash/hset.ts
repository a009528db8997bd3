/** HSET and HMSET key field value [field value ...] */
import { OK } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { wrongArguments } from "../../dispatch/reply-errors.ts";
import { write } from "../../session/write.ts";

function setter(name: string, reply: (added: number) => number | typeof OK): CommandHandler {
  return (session, args) => {
    if (args.length % 2 !== 0) throw wrongArguments(name);
    const entries: [Buffer, Buffer][] = [];
    for (let at = 2; at < args.length; at += 2) entries.push([args[at]!, args[at + 1]!]);
    return write(session, { op: "hset", database: session.database, key: args[1]!, entries }, reply);
  };
}

export const hset: CommandHandler = setter("hset", (added) => added);
export const hmset: CommandHandler = setter("hmset", () => OK);
