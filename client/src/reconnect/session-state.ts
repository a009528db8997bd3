/** What a session has set up on its connection, and how a new connection is brought to the same point. */
import { randomBytes } from "node:crypto";
import { ConnectionLostError, type PlainReply, ReplyError } from "@datadb/protocol";
import type { Argument, Connection } from "../connection.ts";
import { type PutWindow, putWindow } from "./put-window.ts";

interface Step {
  args: readonly Argument[];
  /** The answer that the caller has; absent while it waits for one. */
  reply?: PlainReply;
}

interface Transaction {
  id: string;
  steps: Step[];
}

export interface SessionState {
  readonly window: PutWindow;
  readonly inTransaction: boolean;
  /** What is really sent for a command: TXINIT gets an id of this side's making, so that it can be resumed. */
  prepare(args: readonly Argument[]): readonly Argument[];
  /** Notes an answer; returns what the caller is told. */
  answered(args: readonly Argument[], reply: PlainReply): PlainReply;
  /** Brings a new connection to where the lost one was. */
  restore(connection: Connection): Promise<void>;
}

const nameOf = (args: readonly Argument[]): string => String(args[0]).toLowerCase();

export function sessionState(): SessionState {
  const window = putWindow();
  let lease: string | undefined;
  let database: Argument | undefined;
  let transaction: Transaction | null = null;

  function answered(args: readonly Argument[], reply: PlainReply): PlainReply {
    const name = nameOf(args);
    if (name === "lease") lease = String(reply);
    else if (name === "select") database = args[1];
    else if (name === "txinit") {
      const id = String(args[1]);
      transaction = { id, steps: [] };
      return Buffer.from(id);
    } else if (name === "txcommit" || name === "txdiscard") transaction = null;
    else if (name !== "bput" && transaction !== null) transaction.steps.push({ args, reply });
    return reply;
  }

  async function replay(connection: Connection, { id, steps }: Transaction): Promise<void> {
    await connection.call("TXINIT", id);
    for (const step of steps) {
      const reply = await connection.call(...step.args);
      // BACKUP reserves a new id and time. The caller reads them after TXCOMMIT, from the array it has.
      if (Array.isArray(step.reply) && Array.isArray(reply))
        step.reply.splice(0, Number.POSITIVE_INFINITY, ...reply);
    }
  }

  return {
    window,
    get inTransaction() {
      return transaction !== null;
    },
    prepare(args) {
      const name = nameOf(args);
      if (name === "bput") window.add(args);
      return name === "txinit" && args.length === 1 ? ["TXINIT", randomBytes(16).toString("hex")] : args;
    },
    answered,
    async restore(connection) {
      if (database !== undefined) await connection.call("SELECT", database);
      if (lease !== undefined) await reattach(connection, lease);
      const sent = [...window.entries()].map((args) => connection.call(...args));
      await Promise.all(sent);
      if (transaction !== null) await resume(connection, transaction, replay);
    },
  };
}

/** A transaction that was committed just before the connection was lost must not be filled again. */
async function resume(
  connection: Connection,
  transaction: Transaction,
  replay: (connection: Connection, transaction: Transaction) => Promise<void>,
): Promise<void> {
  const backup = transaction.steps.find(({ args }) => nameOf(args) === "backup");
  const id = Array.isArray(backup?.reply) ? String(backup.reply[0]) : undefined;
  if (id !== undefined && (await connection.call("HGET", id, "ref")) !== null) {
    await connection.call("TXINIT", transaction.id);
    return;
  }
  await replay(connection, transaction);
}

async function reattach(connection: Connection, lease: string): Promise<void> {
  try {
    await connection.call("LEASE", "ID", lease);
  } catch (error) {
    // A lease that is gone shows at the commit, which then says what has to be sent again.
    if (error instanceof ConnectionLostError || !(error instanceof ReplyError)) throw error;
  }
}
