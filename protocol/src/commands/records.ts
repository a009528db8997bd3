/** Commands on the records that a server keeps for other stores: what their backend `remote` speaks. */
import { integer, many, oneOf, optional, string, word } from "./argument-spec.ts";
import { type CommandEntry, type CommandSpec, commandGroup } from "./command-spec.ts";

const namespace = string("namespace");
const kind = oneOf("kind", word("data"), word("node"), word("log"));
const names = string("names");

/** Arguments after the name of the command and the subcommand. */
function sub(
  entry: Omit<CommandEntry, "arity" | "flags"> & { write?: boolean; least?: number },
): CommandEntry {
  const { write = false, least, ...rest } = entry;
  const count = 2 + (entry.arguments?.length ?? 0);
  return {
    ...rest,
    arity: least === undefined ? count : -(2 + least),
    flags: [write ? "write" : "readonly"],
  };
}

export const recordsCommands: readonly CommandSpec[] = commandGroup("records", [
  {
    name: "records",
    summary:
      "A container for commands on records that are kept for another store, in a namespace of their own. `names` are the names of " +
      "records as bytes, one after the other.",
    arity: -2,
    flags: [],
    right: "append",
    reply: "depends on the subcommand",
    subcommands: [
      sub({
        name: "open",
        summary:
          "Opens the namespace of a store for this connection, and makes it when it is new. One holder at a time, with any number of connections.",
        right: "append",
        reply:
          "map of epoch (another one after each start of the server), durable, recovered, packs-lost, ranges-damaged and place; WRONGSTORE when it belongs to another store; BUSY",
        arguments: [
          namespace,
          string("store-id"),
          oneOf("hash", word("sha256"), word("sha1")),
          string("holder"),
        ],
      }),
      sub({
        name: "recovered",
        summary:
          "Records that opening found and nobody had been promised: after a crash, or all when the server's index was made anew.",
        right: "append",
        reply: "array of the next cursor (empty at the end) and, by kind, names",
        arguments: [namespace, string("cursor")],
      }),
      sub({
        name: "known",
        summary: "The recovered records have been looked at.",
        right: "append",
        reply: "OK",
        arguments: [namespace],
        write: true,
      }),
      sub({
        name: "has",
        summary: "Whether records are there.",
        right: "append",
        reply: "a byte for each name, 1 or 0",
        arguments: [namespace, kind, names],
      }),
      sub({
        name: "get",
        summary: "Records as they are in packs; at most 1,024.",
        right: "append",
        reply: "array of records, nil where absent; DAMAGED",
        arguments: [namespace, kind, names],
      }),
      sub({
        name: "stat",
        summary: "What the index says about records.",
        right: "append",
        reply: "array, nil where absent: encoding, base, length, length of the payload, pack, offset",
        arguments: [namespace, kind, names],
      }),
      sub({
        name: "part",
        summary:
          "A piece of a record that is too long for one argument; the next PUT or REPLACE takes the pieces.",
        right: "append",
        reply: "OK",
        arguments: [namespace, string("bytes")],
        write: true,
      }),
      sub({
        name: "put",
        summary:
          "Puts records, as they are in packs. Those that are there already stay. Accepted, not yet durable.",
        right: "append",
        reply: "OK; DISKFULL",
        arguments: [namespace, optional(many(string("record")))],
        write: true,
        least: 1,
      }),
      sub({
        name: "replace",
        summary: "Puts records of one kind in place of those that are there; others are ignored.",
        right: "admin",
        reply: "OK; DISKFULL",
        arguments: [namespace, kind, optional(many(string("record")))],
        write: true,
        least: 2,
      }),
      sub({
        name: "remove",
        summary: "Forgets records.",
        right: "admin",
        reply: "OK",
        arguments: [namespace, kind, names],
        write: true,
      }),
      sub({
        name: "distrust",
        summary: "Records that were found to be damaged: a PUT replaces them.",
        right: "admin",
        reply: "OK",
        arguments: [namespace, kind, names],
        write: true,
      }),
      sub({
        name: "aside",
        summary: "Copies the bytes of records, as they are, to where nothing removes them.",
        right: "append",
        reply: "array of paths on the server",
        arguments: [namespace, kind, names],
        write: true,
      }),
      sub({
        name: "flush",
        summary: "Makes durable what was put before, of some kinds or all.",
        right: "append",
        reply: "map of counters; DISKFULL when what was put is lost",
        arguments: [namespace, optional(many(kind))],
        write: true,
        least: 1,
      }),
      sub({
        name: "packs",
        summary: "The packs of a kind.",
        right: "append",
        reply: "flat array of names and bytes",
        arguments: [namespace, kind],
      }),
      sub({
        name: "list",
        summary: "Begins to read a pack.",
        right: "append",
        reply: "as NEXT",
        arguments: [namespace, kind, string("pack")],
      }),
      sub({
        name: "next",
        summary: "Reads on in the pack that LIST began on this connection.",
        right: "append",
        reply:
          "nil at the end, else an array of the torn end or nil, flat damaged ranges, and for each record: name, encoding, base, length, length of the payload, offset",
        arguments: [namespace],
      }),
      sub({
        name: "compact",
        summary:
          "Gives back the space of removed records; `unused` in thousandths. Ends with the connection.",
        right: "admin",
        reply: "map of packs, returned, rewritten and unused",
        arguments: [namespace, integer("unused")],
        write: true,
      }),
      sub({
        name: "reindex",
        summary: "Makes the namespace's index anew from its packs. Ends with the connection.",
        right: "append",
        reply: "map of packs, records, bytes and damaged",
        arguments: [namespace],
        write: true,
      }),
      {
        name: "help",
        summary: "The subcommands.",
        arity: 2,
        flags: ["fast"],
        right: "append",
        reply: "array of lines",
      },
    ],
  },
]);
