/** Commands on blobs: content by name. */
import { after, integer, many, oneOf, optional, string, word } from "./argument-spec.ts";
import { type CommandSpec, commandGroup } from "./command-spec.ts";

const kind = optional(after("KIND", oneOf("kind", word("data"), word("node"))));

export const blobCommands: readonly CommandSpec[] = commandGroup("blob", [
  {
    name: "bput",
    summary:
      "Puts a blob. Accepted, not yet durable: TXCOMMIT and DONE are. A node needs its children to be there.",
    arity: -2,
    flags: ["write"],
    right: "append",
    reply: "the name in hex; NOCHILD names the first child that is not there",
    arguments: [string("data"), kind, optional(after("BASE", string("name")))],
  },
  {
    name: "bget",
    summary: "The content of a blob.",
    arity: -2,
    flags: ["readonly"],
    right: "read",
    reply: "the content, or nil",
    arguments: [string("name"), kind],
  },
  {
    name: "bexists",
    summary:
      "Whether blobs are there. Those that are stay as long as the session's lease. Without KIND of either kind.",
    arity: -2,
    flags: ["readonly"],
    right: "read",
    reply: "integer 1 or 0 for one name, an array of them in order for several",
    arguments: [many(string("name")), kind],
  },
  {
    name: "bsize",
    summary: "The bytes of content of all blobs.",
    arity: 1,
    flags: ["readonly"],
    right: "read",
    reply: "integer",
  },
  {
    name: "bcnt",
    summary: "The number of blobs.",
    arity: 1,
    flags: ["readonly"],
    right: "read",
    reply: "integer",
  },
  {
    name: "bscan",
    summary: "Goes through the names of all blobs in steps.",
    arity: -2,
    flags: ["readonly"],
    right: "read",
    reply: "array of the next cursor (0 at the end) and an array of names",
    arguments: [string("cursor"), optional(after("COUNT", integer("count"))), kind],
  },
  {
    name: "hash",
    summary: "The name that content would have as a blob. Nothing is stored.",
    arity: 2,
    flags: ["readonly"],
    right: "read",
    reply: "the name in hex",
    arguments: [string("data")],
  },
  {
    name: "size",
    summary: "The bytes that the store's packs take, encoded.",
    arity: 1,
    flags: ["readonly"],
    right: "admin",
    reply: "integer",
  },
]);
