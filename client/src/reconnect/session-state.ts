/** What a session has set up on its connection, and how a new connection is brought to the same point. */
import { randomBytes } from "node:crypto";
import { COMMANDS, ConnectionLostError, type PlainReply, ReplyError } from "@datadb/protocol";
import type { Argument, Connection } from "../connection.ts";
import { backupMaps } from "../list/backup-maps.ts";
import { type PutWindow, putWindow } from "./put-window.ts";

interface Step {
  args: readonly Argument[];
  /** The answer that the caller has. */
  reply: PlainReply;
}

interface Transaction {
  id: string;
  steps: Step[];
  /** Some of it was sent more than once: what was answered first may not be what was committed. */
  repeated: boolean;
}

export interface SessionState {
  readonly window: PutWindow;
  /**
   * What is really sent for a command (TXINIT gets an id of this side's making, so that it can be resumed), and
   * whether it belongs to a transaction: then nothing has happened yet, and it can be sent again.
   */
  prepare(args: readonly Argument[]): { args: readonly Argument[]; inTransaction: boolean };
  /** Notes an answer; returns what the caller is told. */
  answered(args: readonly Argument[], reply: PlainReply): PlainReply;
  /** A command of the open transaction is about to be sent again. */
  repeating(): void;
  /** Brings a new connection to where the lost one was. */
  restore(connection: Connection): Promise<void>;
  /** After a repeated transaction was committed: makes the answers of BACKUP say what is listed. */
  settle(call: Connection["call"]): Promise<void>;
}

const nameOf = (args: readonly Argument[]): string => String(args[0]).toLowerCase();

export function sessionState(): SessionState {
  const window = putWindow();
  let lease: string | undefined;
  let database: Argument | undefined;
  let transaction: Transaction | null = null;
  let repeated = false;
  let inside = false;
  let committed: Transaction | null = null;

  function answered(args: readonly Argument[], reply: PlainReply): PlainReply {
    const name = nameOf(args);
    if (name === "lease") lease = String(args[1]).toUpperCase() === "END" ? undefined : String(reply);
    else if (name === "select") database = args[1];
    else if (name === "txinit") {
      const id = String(args[1]);
      transaction = { id, steps: [], repeated };
      return Buffer.from(id);
    } else if (name === "txcommit" || name === "txdiscard") {
      committed = name === "txcommit" && transaction?.repeated ? transaction : null;
      transaction = null;
      repeated = false;
    } else if (transaction !== null && isStep(name)) transaction.steps.push({ args, reply });
    return reply;
  }

  return {
    window,
    prepare(args) {
      const name = nameOf(args);
      // Counted when commands are issued, not when they are answered: a whole transaction may be pipelined.
      if (name === "txinit") inside = true;
      const inTransaction = inside;
      if (name === "txcommit" || name === "txdiscard") inside = false;
      const own = name === "txinit" && args.length === 1;
      return { args: own ? ["TXINIT", randomBytes(16).toString("hex")] : args, inTransaction };
    },
    answered,
    repeating() {
      repeated = true;
      if (transaction !== null) transaction.repeated = true;
    },
    async settle(call) {
      const { steps } = committed ?? { steps: [] };
      committed = null;
      for (const step of steps) if (nameOf(step.args) === "backup") await correct(call, step);
    },
    async restore(connection) {
      if (database !== undefined) await connection.call("SELECT", database);
      if (lease !== undefined) await reattach(connection, lease);
      const sent = window.entries().map((args) => connection.call(...args));
      await Promise.all(sent);
      if (transaction !== null) await replay(connection, transaction);
    },
  };
}

/** Whether a new connection must see the command again. Blobs are in the window instead. */
function isStep(name: string): boolean {
  return name !== "bput" && name !== "done" && COMMANDS.get(name)?.flags.includes("write") === true;
}

async function replay(connection: Connection, transaction: Transaction): Promise<void> {
  transaction.repeated = true;
  await connection.call("TXINIT", transaction.id);
  for (const step of transaction.steps) update(step, await connection.call(...step.args));
}

/** The caller has the array: it is changed in place. */
function update(step: Step, reply: PlainReply): void {
  if (Array.isArray(step.reply) && Array.isArray(reply)) step.reply.splice(0, step.reply.length, ...reply);
}

/**
 * Each BACKUP reserves an id and a time, and the commit may have been done with those of the first attempt, whose
 * answer never arrived. The listed backup of the same root is the one.
 */
async function correct(call: Connection["call"], step: Step): Promise<void> {
  if (!Array.isArray(step.reply)) return;
  const [id, snapshot] = step.reply;
  const ref = String(step.args[3]);
  const listed = backupMaps(await call("BACKUPS", "SNAPSHOT", String(snapshot), "LIMIT", 8));
  if (listed.some((backup) => backup.get("id") === String(id))) return;
  const same = listed.find((backup) => backup.get("ref") === ref);
  const time = same?.get("ts");
  if (same !== undefined && time !== undefined) {
    update(step, [Buffer.from(same.get("id")!), Buffer.from(String(snapshot)), Buffer.from(time)]);
  }
}

async function reattach(connection: Connection, lease: string): Promise<void> {
  try {
    await connection.call("LEASE", "ID", lease);
  } catch (error) {
    // A lease that is gone shows at the commit, which then says what has to be sent again.
    if (error instanceof ConnectionLostError || !(error instanceof ReplyError)) throw error;
  }
}
