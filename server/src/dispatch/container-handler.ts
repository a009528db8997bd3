/** Commands that only hold subcommands: CLIENT, COMMAND. */
import {
  arityAllows,
  COMMANDS,
  type CommandSpec,
  commandSyntax,
  type Reply,
  SimpleString,
} from "@datadb/protocol";
import { may } from "../access/may.ts";
import type { Session } from "../session/session.ts";
import type { CommandHandler } from "./command.ts";
import { notPermitted, unknownSubcommand, wrongArguments } from "./reply-errors.ts";

/** Runs the handler of the subcommand that `args[1]` names; its arity and right are checked here. HELP comes of itself. */
export function containerHandler(
  container: string,
  handlers: Readonly<Record<string, CommandHandler>>,
): CommandHandler {
  const specs = new Map(COMMANDS.get(container)?.subcommands?.map((spec) => [spec.name, spec]));
  return (session, args) => {
    const given = args[1]!;
    const name = given.toString("latin1", 0, 32).toLowerCase();
    const spec = specs.get(name);
    if (spec === undefined) throw unknownSubcommand(container, given);
    check(session, container, spec, args);
    return name === "help" ? help(container, [...specs.values()]) : handlers[name]!(session, args);
  };
}

function check(session: Session, container: string, spec: CommandSpec, args: readonly Buffer[]): void {
  const full = `${container}|${spec.name}`;
  if (!arityAllows(spec, args.length)) throw wrongArguments(full);
  if (!may(session.right, spec.right)) throw notPermitted(session.user?.name ?? "", full);
}

function help(container: string, specs: readonly CommandSpec[]): Reply {
  const lines = specs.flatMap((spec) => [commandSyntax(spec, container), `    ${spec.summary}`]);
  return [
    `${container.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...lines,
  ].map((line) => new SimpleString(line));
}
