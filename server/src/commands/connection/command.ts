/** COMMAND and its subcommands */
import { arityAllows, COMMANDS, ReplyError } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { commandDocumentation } from "../../dispatch/command-documentation.ts";
import { commandInfo } from "../../dispatch/command-info.ts";
import { containerHandler } from "../../dispatch/container-handler.ts";
import { syntaxError } from "../../dispatch/reply-errors.ts";

const subcommand: CommandHandler = containerHandler("command", {
  count: () => COMMANDS.size,
  list: (_session, args) => {
    if (args.length > 2) throw syntaxError();
    return [...COMMANDS.keys()];
  },
  info: (_session, args) => {
    if (args.length === 2) return [...COMMANDS.values()].map((spec) => commandInfo(spec));
    return args.slice(2).map((arg) => {
      const spec = COMMANDS.get(arg.toString("latin1", 0, 64).toLowerCase());
      return spec === undefined ? null : commandInfo(spec);
    });
  },
  docs: (_session, args) =>
    commandDocumentation(args.slice(2).map((arg) => arg.toString("latin1", 0, 64).toLowerCase())),
  getkeys: (_session, args) => {
    const inner = args.slice(2);
    const spec = COMMANDS.get(inner[0]!.toString("latin1", 0, 64).toLowerCase());
    if (spec === undefined) throw new ReplyError("ERR Invalid command specified");
    if (!arityAllows(spec, inner.length))
      throw new ReplyError("ERR Invalid number of arguments specified for command");
    const { first, last, step } = spec.keys;
    if (first === 0) throw new ReplyError("ERR The command has no key arguments");
    const end = last < 0 ? inner.length + last : last;
    return inner.filter((_arg, i) => i >= first && i <= end && (i - first) % step === 0);
  },
});

export const command: CommandHandler = (session, args) => {
  if (args.length > 1) return subcommand(session, args);
  return [...COMMANDS.values()].map((spec) => commandInfo(spec));
};
