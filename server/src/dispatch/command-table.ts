/** Commands by the name that clients send. */
import { COMMANDS } from "@datadb/protocol";
import type { Command } from "./command.ts";
import { COMMAND_HANDLERS, COMMAND_TURNS } from "./command-handlers.ts";

/** Longer names are unknown without looking. */
const MAX_NAME_BYTES = 32;

/** They go through `write`, which answers errors itself. */
const KEY_WRITES = new Set(["set", "del", "hset", "hmset", "hdel", "sadd", "srem", "ladd", "ldel"]);

/** In the order of the catalogue; places are the commands' indexes. */
const COMMAND_TABLE: readonly Command[] = [...COMMANDS.values()].map((spec, index) => {
  const run = COMMAND_HANDLERS[spec.name];
  if (run === undefined) throw new TypeError(`the command ${spec.name} has no handler`);
  const turn = COMMAND_TURNS[spec.name] ?? "read";
  return {
    name: spec.name,
    spec,
    run,
    turn: typeof turn === "string" ? turn : "write",
    turnOf: typeof turn === "string" ? undefined : turn,
    settles: KEY_WRITES.has(spec.name),
    open: spec.flags.includes("no_auth"),
    index,
  };
});

/** Lower and upper case stand side by side: what nearly all clients send is found without changing its case. */
const byName = new Map<string, Command>(
  COMMAND_TABLE.flatMap((command) => [
    [command.name, command],
    [command.name.toUpperCase(), command],
  ]),
);

export function findCommand(name: Buffer): Command | undefined {
  if (name.length > MAX_NAME_BYTES) return undefined;
  const text = name.toString("latin1");
  return byName.get(text) ?? byName.get(text.toLowerCase());
}
