/** Commands on sets, which are in byte order. Names of directories read as sets of meta ids. */
import { after, integer, key, many, optional, string } from "./argument-spec.ts";
import { type CommandSpec, commandGroup, FIRST_KEY } from "./command-spec.ts";

export const setCommands: readonly CommandSpec[] = commandGroup("set", [
  {
    name: "sadd",
    summary: "Adds members to a set.",
    arity: -3,
    flags: ["write"],
    keys: FIRST_KEY,
    right: "append",
    reply: "integer: members that are new",
    arguments: [key, many(string("member"))],
  },
  {
    name: "scard",
    summary: "The number of members.",
    arity: 2,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "integer",
    arguments: [key],
  },
  {
    name: "smembers",
    summary:
      "All members of a set in byte order; of a directory, the ids of its metas in order of their names.",
    arity: 2,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "set (RESP2: an array); empty when the key does not exist",
    arguments: [key],
  },
  {
    name: "sismember",
    summary: "Whether a member is in a set.",
    arity: 3,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "integer: 1 or 0",
    arguments: [key, string("member")],
  },
  {
    name: "sscan",
    summary: "Goes through the members of a set in steps.",
    arity: -3,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "array of the next cursor (0 at the end) and an array of members",
    arguments: [
      key,
      string("cursor"),
      optional(after("MATCH", { name: "pattern", type: "pattern" })),
      optional(after("COUNT", integer("count"))),
    ],
  },
  {
    name: "srem",
    summary: "Removes members of a set.",
    arity: -3,
    flags: ["write"],
    keys: FIRST_KEY,
    right: "admin",
    reply: "integer: members removed",
    arguments: [key, many(string("member"))],
  },
]);
