/** The one table of commands. */
import { argumentSyntax } from "./argument-spec.ts";
import { blobCommands } from "./blob.ts";
import type { CommandSpec } from "./command-spec.ts";
import { connectionCommands } from "./connection.ts";
import { hashCommands } from "./hash.ts";
import { keysCommands } from "./keys.ts";
import { listCommands } from "./list.ts";
import { recordsCommands } from "./records.ts";
import { setCommands } from "./set.ts";
import { storeCommands } from "./store.ts";
import { stringCommands } from "./string.ts";
import { transactionCommands } from "./transaction.ts";

/** All commands by lower-case name, in the order of the groups. */
export const COMMANDS: ReadonlyMap<string, CommandSpec> = new Map(
  [
    connectionCommands,
    keysCommands,
    stringCommands,
    hashCommands,
    setCommands,
    listCommands,
    blobCommands,
    transactionCommands,
    storeCommands,
    recordsCommands,
  ]
    .flat()
    .map((spec) => [spec.name, spec]),
);

/** Whether a command may have this many arguments, its name included. */
export function arityAllows(spec: CommandSpec, count: number): boolean {
  return spec.arity >= 0 ? count === spec.arity : count >= -spec.arity;
}

/** How a command is written in documentation: `HGET key field`. */
export function commandSyntax(spec: CommandSpec, container?: string): string {
  const name = container === undefined ? spec.name : `${container} ${spec.name}`;
  return [name.toUpperCase(), ...spec.arguments.map(argumentSyntax)].join(" ");
}
