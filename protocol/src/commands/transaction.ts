/** Commands about transactions, durability and leases. */
import { after, integer, optional, string, word } from "./argument-spec.ts";
import { type CommandSpec, commandGroup } from "./command-spec.ts";

export const transactionCommands: readonly CommandSpec[] = commandGroup("transaction", [
  {
    name: "txinit",
    summary:
      "Starts a transaction: nothing is visible to others before TXCOMMIT. At most 64 MiB, then TXTOOBIG.",
    arity: -1,
    flags: ["write", "fast"],
    right: "append",
    reply: "a new transaction id, or OK when one was given",
    arguments: [optional(string("transaction-id"))],
  },
  {
    name: "txcommit",
    summary: "Commits the transaction: durable and visible when it answers. Idempotent by transaction id.",
    arity: 1,
    flags: ["write"],
    right: "append",
    reply: "OK; LEASELOST when a blob it refers to is not there any more: send it again",
  },
  {
    name: "txdiscard",
    summary: "Forgets the transaction.",
    arity: 1,
    flags: ["write", "fast"],
    right: "append",
    reply: "OK",
  },
  {
    name: "init",
    summary: "Waits until the log is applied. Opening a store does that, so the answer is immediate.",
    arity: 1,
    flags: ["fast"],
    right: "read",
    reply: "OK",
  },
  {
    name: "done",
    summary: "Answers when everything that the session put is durable.",
    arity: 1,
    flags: ["write"],
    right: "append",
    reply: "OK",
  },
  {
    name: "lease",
    summary:
      "Takes or renews the lease that protects what the session puts and is told exists, and with BACKUP all of a backup; it outlives the session. END ends it.",
    arity: -1,
    flags: [],
    right: "read",
    reply: "the lease's id; OK for END",
    arguments: [
      optional(after("SECONDS", integer("seconds"))),
      optional(after("ID", string("lease-id"))),
      optional(after("BACKUP", string("backup-id"))),
      optional(word("END")),
    ],
  },
]);
