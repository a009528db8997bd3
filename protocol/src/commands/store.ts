/** Commands about backups and the store as a whole. */
import { after, block, integer, many, oneOf, optional, string, word } from "./argument-spec.ts";
import { type CommandSpec, commandGroup } from "./command-spec.ts";

export const storeCommands: readonly CommandSpec[] = commandGroup("store", [
  {
    name: "backup",
    summary:
      "Records a backup in the transaction; the server sets the time. TXCOMMIT lists it. With the right admin a copy of a backup of " +
      "another store keeps its time: the field `ts`. One that is listed already then stays as it is.",
    arity: -4,
    flags: ["write"],
    right: "append",
    reply:
      "array of backup id, snapshot id and time; NOCHILD when the root meta is not there; EXISTS when another backup has the time",
    arguments: [
      string("host"),
      string("path"),
      string("ref"),
      optional(after("ts", string("time"))),
      optional(many(block("data", string("field"), string("value")))),
    ],
  },
  {
    name: "backups",
    summary: "Lists backups, newest first.",
    arity: -1,
    flags: ["readonly"],
    right: "read",
    reply: "array of maps: id, snapshot and the fields of the backup",
    arguments: [
      optional(after("SNAPSHOT", string("snapshot-id"))),
      optional(after("HOST", string("host"))),
      optional(after("LIMIT", integer("count"))),
    ],
  },
  {
    name: "forget",
    summary:
      "Removes a backup from its series. Content that no other backup uses stays until garbage collection.",
    arity: 2,
    flags: ["write"],
    right: "admin",
    reply: "integer: 1, or 0 when there is no such backup; PINNED when it is pinned",
    arguments: [string("backup-id")],
  },
  {
    name: "pin",
    summary: "Protects a backup from FORGET.",
    arity: 2,
    flags: ["write"],
    right: "admin",
    reply: "integer: 1, or 0 when it was pinned before; NOTFOUND when there is no such backup",
    arguments: [string("backup-id")],
  },
  {
    name: "unpin",
    summary: "Ends the protection of a backup by PIN.",
    arity: 2,
    flags: ["write"],
    right: "admin",
    reply: "integer: 1, or 0 when it was not pinned; NOTFOUND when there is no such backup",
    arguments: [string("backup-id")],
  },
  {
    name: "tag",
    summary: "Replaces the tags of a backup by those of a JSON array of strings.",
    arity: 3,
    flags: ["write"],
    right: "admin",
    reply: "OK; NOTFOUND when there is no such backup",
    arguments: [string("backup-id"), string("tags")],
  },
  {
    name: "mark",
    summary:
      "Notes in a backup what of it is lost: a JSON array of paths, empty when nothing is any more. CHECK finds out.",
    arity: 3,
    flags: ["write"],
    right: "admin",
    reply: "OK; NOTFOUND when there is no such backup",
    arguments: [string("backup-id"), string("paths")],
  },
  {
    name: "gc",
    summary:
      "Removes content that no backup, session or lease needs, and returns its space; UNUSED is the part of a pack that may stay garbage.",
    arity: -1,
    flags: ["admin", "blocking"],
    right: "admin",
    reply: "map of counts and bytes; with DRY-RUN what would be removed. BUSY while another one runs",
    arguments: [optional(word("DRY-RUN")), optional(after("UNUSED", integer("percent")))],
  },
  {
    name: "check",
    summary:
      "Verifies log, index and trees; with READ-DATA also reads the given percentage of the content; with REPAIR mends what the " +
      "store can mend by itself. With STEPS it answers soon, and CHECK NEXT again and again goes on.",
    arity: -1,
    flags: ["admin", "blocking"],
    right: "admin",
    reply:
      "map of counts, `problems` (JSON texts) and `notes`; while a check by steps goes on, map of `phase`, `done` and `total`",
    arguments: [
      oneOf(
        "what",
        block(
          "check",
          optional(after("READ-DATA", integer("percent"))),
          optional(word("REPAIR")),
          optional(word("STEPS")),
        ),
        word("NEXT"),
      ),
    ],
  },
  {
    name: "mirror",
    summary:
      "Members of the store's mirrors: STATUS tells how they are, SYNC tries those that are down at once, REFILL takes one whose packs " +
      "are gone as empty, and fills it.",
    arity: -2,
    flags: ["admin"],
    right: "admin",
    reply:
      "STATUS: array of maps `member`, `description`, `state` (up, behind, down), `since`, `reason`, `records`, `bytes`, `oldest`, `comparing`, `attempts`, " +
      "times in milliseconds since 1970, `oldest` 0 when nothing waits; else OK",
    arguments: [oneOf("what", word("STATUS"), word("SYNC"), after("REFILL", string("member")))],
  },
  {
    name: "stats",
    summary: "What the store holds. Encoded sizes only for the right admin.",
    arity: 1,
    flags: ["readonly"],
    right: "read",
    reply: "map of field to integer",
  },
  {
    name: "glacier",
    summary:
      "A container for commands on data in Glacier. Each goes on where it was: it is sent again until it says that it is done.",
    arity: -2,
    flags: ["admin"],
    right: "admin",
    reply: "depends on the subcommand",
    subcommands: [
      {
        name: "status",
        summary: "What is in archives, what is not yet, and what the vault says.",
        arity: 2,
        flags: ["admin"],
        right: "admin",
        reply: "map of place, archives, bytes, staged, jobs, vault-archives, vault-bytes, vault-inventory",
      },
      {
        name: "archive",
        summary:
          "Moves what was backed up into archives; with DROP-RETRIEVED forgets what was retrieved from them.",
        arity: -2,
        flags: ["admin", "blocking"],
        right: "admin",
        reply: "map of archives and bytes that were uploaded",
        arguments: [optional(word("DROP-RETRIEVED"))],
      },
      {
        name: "sync",
        summary:
          "Archives, compares the catalogue with the vault's inventory, and makes it anew where it is lost.",
        arity: -2,
        flags: ["admin", "blocking"],
        right: "admin",
        reply: "map of state (done, waiting, no-inventory), archives, missing",
        arguments: [optional(string("tier"))],
      },
      {
        name: "restore",
        summary: "What a backup needs from archives; with START retrieves it.",
        arity: -3,
        flags: ["admin", "blocking"],
        right: "admin",
        reply:
          "map of records, archives and bytes that are still to be retrieved, and waiting: the retrievals under way",
        arguments: [string("backup-id"), optional(string("tier")), optional(word("START"))],
      },
      {
        name: "help",
        summary: "The subcommands.",
        arity: 2,
        flags: ["fast"],
        right: "admin",
        reply: "array of lines",
      },
    ],
  },
]);
