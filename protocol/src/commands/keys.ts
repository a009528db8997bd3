/** Commands about keys of any type. */
import { after, integer, key, many, optional, string } from "./argument-spec.ts";
import { ALL_KEYS, type CommandSpec, commandGroup, FIRST_KEY } from "./command-spec.ts";

const pattern = { name: "pattern", type: "pattern" } as const;

export const keysCommands: readonly CommandSpec[] = commandGroup("keys", [
  {
    name: "exists",
    summary: "How many of the keys exist. Names of backups, metas, directories and lists count as keys.",
    arity: -2,
    flags: ["readonly"],
    keys: ALL_KEYS,
    right: "read",
    reply: "integer; a key named twice counts twice",
    arguments: [many(key)],
  },
  {
    name: "type",
    summary:
      "The type of a key, or of a name: metas are hashes, directories sets, lists lists, other content blobs.",
    arity: 2,
    flags: ["readonly"],
    keys: FIRST_KEY,
    right: "read",
    reply: "string, hash, set, list, blob or none, as a simple string",
    arguments: [key],
  },
  {
    name: "keys",
    summary: "All keys of the database that match the pattern, the reserved ones included.",
    arity: 2,
    flags: ["readonly"],
    right: "read",
    reply: "array of keys in byte order",
    arguments: [pattern],
  },
  {
    name: "scan",
    summary: "Goes through the keys of the database in steps. Cursors hold no state in the server.",
    arity: -2,
    flags: ["readonly"],
    right: "read",
    reply: "array of the next cursor (0 at the end) and an array of keys",
    arguments: [
      string("cursor"),
      optional(after("MATCH", pattern)),
      optional(after("COUNT", integer("count"))),
      optional(after("TYPE", string("type"))),
    ],
  },
  {
    name: "dbsize",
    summary: "The number of keys in the database.",
    arity: 1,
    flags: ["readonly"],
    right: "read",
    reply: "integer",
  },
  {
    name: "del",
    summary: "Removes keys with all they hold.",
    arity: -2,
    flags: ["write"],
    keys: ALL_KEYS,
    right: "admin",
    reply: "integer: keys removed",
    arguments: [many(key)],
  },
]);
