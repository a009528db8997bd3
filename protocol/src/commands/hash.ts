/** Commands on hashes. Names of backups and metas read as hashes. */
import { after, block, integer, key, many, optional, string } from "./argument-spec.ts";
import { type CommandSpec, commandGroup, FIRST_KEY } from "./command-spec.ts";

const fields = many(block("data", string("field"), string("value")));

export const hashCommands: readonly CommandSpec[] = commandGroup("hash", [
  {
    name: "hset",
    summary: "Sets fields of a hash. With the right append only new fields.",
    arity: -4,
    flags: ["write"],
    keys: FIRST_KEY,
    right: "append",
    reply: "integer: fields that are new",
    arguments: [key, fields],
  },
  {
    name: "hmset",
    summary: "Sets fields of a hash. With the right append only new fields.",
    arity: -4,
    flags: ["write"],
    keys: FIRST_KEY,
    right: "append",
    reply: "OK",
    arguments: [key, fields],
  },
  {
    name: "hget",
    summary: "The value of a field.",
    arity: 3,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "the value, or nil",
    arguments: [key, string("field")],
  },
  {
    name: "hgetall",
    summary: "All fields and values, of a hash, a backup or a meta.",
    arity: 2,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "map of field to value (RESP2: a flat array); empty when the key does not exist",
    arguments: [key],
  },
  {
    name: "hlen",
    summary: "The number of fields.",
    arity: 2,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "integer",
    arguments: [key],
  },
  {
    name: "hscan",
    summary: "Goes through the fields of a hash in steps.",
    arity: -3,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "array of the next cursor (0 at the end) and a flat array of fields and values",
    arguments: [
      key,
      string("cursor"),
      optional(after("MATCH", { name: "pattern", type: "pattern" })),
      optional(after("COUNT", integer("count"))),
    ],
  },
  {
    name: "hdel",
    summary: "Removes fields of a hash.",
    arity: -3,
    flags: ["write"],
    keys: FIRST_KEY,
    right: "admin",
    reply: "integer: fields removed",
    arguments: [key, many(string("field"))],
  },
]);
