/** Commands on strings. */
import { integer, key, optional, string } from "./argument-spec.ts";
import { type CommandSpec, commandGroup, FIRST_KEY } from "./command-spec.ts";

export const stringCommands: readonly CommandSpec[] = commandGroup("string", [
  {
    name: "get",
    summary: "The value of a string.",
    arity: 2,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "the value, or nil",
    arguments: [key],
  },
  {
    name: "set",
    summary: "Sets a string, whatever the key held before. With the right append only where nothing was.",
    arity: -3,
    flags: ["write"],
    keys: FIRST_KEY,
    right: "append",
    reply: "OK",
    arguments: [key, string("value")],
  },
  {
    name: "range",
    summary:
      "The values of the strings whose keys are between start and end, both included, in byte order of keys.",
    arity: -3,
    flags: ["readonly"],
    right: "read",
    reply: "array of values; limit 0 or none: all of them",
    arguments: [string("start"), string("end"), optional(integer("limit"))],
  },
]);
