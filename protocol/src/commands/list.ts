/**
 * Commands on lists, which are sorted by an index from 0 to 2^64-1. Names of list nodes read as lists: the index is
 * the offset at which a chunk ends, the value its name (empty for a hole).
 */
import { block, integer, key, many, optional, string, withIndex } from "./argument-spec.ts";
import { type CommandSpec, commandGroup, FIRST_KEY } from "./command-spec.ts";

const read = { flags: ["readonly"], keys: FIRST_KEY, right: "read" } as const;
const limit = optional(integer("limit"));

export const listCommands: readonly CommandSpec[] = commandGroup("list", [
  {
    name: "ladd",
    summary: "Sets values at indexes. With the right append only at free ones.",
    arity: -4,
    flags: ["write"],
    keys: FIRST_KEY,
    right: "append",
    reply: "OK",
    arguments: [key, many(block("data", integer("index"), string("value")))],
  },
  {
    ...read,
    name: "llen",
    summary: "The number of values.",
    arity: 2,
    reply: "integer",
    arguments: [key],
  },
  {
    ...read,
    name: "lindex",
    summary: "The value at an index.",
    arity: 3,
    reply: "the value, or nil",
    arguments: [key, integer("index")],
  },
  {
    ...read,
    name: "lrange",
    summary:
      "The values with indexes from start to end, both included, ascending. `+` is the greatest index.",
    arity: -4,
    reply: "array of values; limit 0 or none: all of them",
    arguments: [key, integer("start"), integer("end"), limit],
  },
  {
    ...read,
    name: "llast",
    summary: "The last value, or the last of the (limited) range.",
    arity: -2,
    reply: "the value, or nil; with WITH INDEX an array of index and value",
    arguments: [key, optional(block("range", integer("start"), integer("end"), limit)), withIndex],
  },
  {
    ...read,
    name: "lprev",
    summary: "The value with the greatest index that is not above the one given.",
    arity: -3,
    reply: "the value, or nil; with WITH INDEX an array of index and value",
    arguments: [key, integer("index"), withIndex],
  },
  {
    ...read,
    name: "liter",
    summary: "All values, ascending.",
    arity: -2,
    reply: "array of values; with WITH INDEX a flat array of indexes and values",
    arguments: [key, withIndex],
  },
  {
    ...read,
    name: "lriter",
    summary: "All values, descending.",
    arity: -2,
    reply: "array of values; with WITH INDEX a flat array of indexes and values",
    arguments: [key, withIndex],
  },
  {
    ...read,
    name: "lmrange",
    summary:
      "Indexes and values from start to the first index beyond end: the chunks that hold bytes start to end.",
    arity: -4,
    reply:
      "flat array of indexes and values, at least two pairs where there are as many; limit 0 or none: no limit",
    arguments: [key, integer("start"), integer("end"), limit],
  },
  {
    name: "ldel",
    summary: "Removes the values at indexes.",
    arity: -3,
    flags: ["write"],
    keys: FIRST_KEY,
    right: "admin",
    reply: "integer: values removed",
    arguments: [key, many(integer("index"))],
  },
]);
