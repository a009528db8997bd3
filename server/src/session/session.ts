/** A client's stay: who it is, what it has selected, its transaction and lease. Listeners and the embedded client use the same. */
import { arityAllows, type Reply, type ReplyError, type RespVersion, type Right } from "@datadb/protocol";
import { may } from "../access/may.ts";
import type { User } from "../access/users.ts";
import type { Database, Lease, View } from "../database.ts";
import type { Command } from "../dispatch/command.ts";
import { SAMPLE_EVERY } from "../dispatch/command-statistics.ts";
import { findCommand } from "../dispatch/command-table.ts";
import { notAuthenticated, notPermitted, unknownCommand, wrongArguments } from "../dispatch/reply-errors.ts";
import { translateError } from "../dispatch/translate-error.ts";
import { visibleArguments } from "../monitor/visible-arguments.ts";
import { CommandOrder } from "./command-order.ts";
import { type ServerState, serverState } from "./server-state.ts";
import type { Transaction } from "./transaction.ts";

/** What a connection offers its session beyond replies. */
export interface SessionChannel {
  /** Sends something that answers no command: a line of MONITOR. */
  push(message: Reply): void;
  /** Bytes that were pushed or replied and not yet sent. */
  queuedBytes(): number;
  /** Closes the connection at once. */
  close(): void;
  /** More fields for CLIENT LIST. */
  describe(): Record<string, string | number>;
}

export interface SessionOptions {
  /** `ip:port`, `unix:/path`, or `embedded`. */
  address: string;
  /**
   * Who it is. Absent: `default` with the right admin, but nobody yet for a connection (something with a channel) where the
   * configuration has users.
   */
  user?: User | undefined;
  channel?: SessionChannel | undefined;
}

const TRUSTED: User = { name: "default", right: "admin" };
/** The database that `SELECT 0` and a new session have. */
const DEFAULT_DATABASE: Buffer = Buffer.from("0");

export class Session {
  readonly server: ServerState;
  readonly id: number;
  readonly address: string;
  readonly channel: SessionChannel | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number = Date.now();
  user: User | null;
  protocol: RespVersion = 2;
  database: Buffer = DEFAULT_DATABASE;
  name = "";
  library: { name: string; version: string } = { name: "", version: "" };
  transaction: Transaction | null = null;
  /** The lease that protects what the session put or was told exists: null until it needs one, and while it is being taken. */
  lease: Lease | null = null;
  leaseTaken: Promise<Lease> | null = null;
  monitoring = false;
  lastCommand = "";
  commands = 0;
  /** The connection closes after the replies under way: QUIT. */
  closing = false;
  /** Run when the session ends. */
  readonly onClose: (() => void)[] = [];
  readonly #order = new CommandOrder();
  #closed = false;

  constructor(database: Database, options: SessionOptions) {
    this.server = serverState(database);
    this.id = this.server.nextSession++;
    this.address = options.address;
    this.channel = options.channel;
    const anonymous = options.channel !== undefined && this.server.users.required;
    this.user = options.user ?? (anonymous ? null : TRUSTED);
    this.server.sessions.set(this.id, this);
  }

  /**
   * Runs one command. Commands may be given without awaiting the replies before: they take effect in the order given, and
   * replies are to be delivered in that order by the caller. Never throws or rejects: errors are ReplyErrors.
   */
  execute(args: readonly Buffer[]): Reply | Promise<Reply> {
    const command = args[0] === undefined ? undefined : findCommand(args[0]);
    if (command === undefined) return unknownCommand(args);
    const turn = command.turnOf === undefined ? command.turn : command.turnOf(args);
    if (!this.#order.free(turn)) return this.#order.later(turn, () => this.#begin(command, args));
    const reply = this.#begin(command, args);
    if (reply instanceof Promise) this.#order.begun(turn, reply);
    return reply;
  }

  /** Ends the session: its transaction leaves no trace; its lease goes on until it expires. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.transaction = null;
    if (this.lease !== null) this.server.database.leases.leave(this.lease.id);
    this.server.sessions.delete(this.id);
    for (const end of this.onClose) end();
  }

  /** Counts a failed command and makes the reply of its error. */
  failure(command: string, error: unknown): ReplyError {
    const index = findCommand(Buffer.from(command))?.index;
    if (index !== undefined) this.server.statistics[index]!.failed++;
    return translateError(error, this.server.report);
  }

  /** What the session reads: the committed state, with its own transaction on top. */
  get view(): View {
    return this.transaction === null ? this.server.database.keyspace : this.transaction.view;
  }

  /** The right of the session's user; `read` while there is none, for commands that need no authentication. */
  get right(): Right {
    return this.user?.right ?? "read";
  }

  #begin(command: Command, args: readonly Buffer[]): Reply | Promise<Reply> {
    const { server } = this;
    const statistics = server.statistics[command.index]!;
    const refusal = this.#refusal(command, args);
    if (refusal !== null) {
      statistics.rejected++;
      return refusal;
    }
    statistics.calls++;
    server.commandsProcessed++;
    this.commands++;
    this.lastCommand = command.name;
    if (server.monitor.active) this.#publish(command, args);
    const started = statistics.calls % SAMPLE_EVERY === 0 ? performance.now() : 0;
    try {
      const reply = command.run(this, args);
      if (reply instanceof Promise) {
        return command.settles && started === 0 ? reply : this.#settle(command, reply, started);
      }
      if (started !== 0) statistics.microseconds += (performance.now() - started) * 1000 * SAMPLE_EVERY;
      return reply;
    } catch (error) {
      statistics.failed++;
      return translateError(error, server.report);
    }
  }

  async #settle(command: Command, reply: Promise<Reply>, started: number): Promise<Reply> {
    const statistics = this.server.statistics[command.index]!;
    try {
      return await reply;
    } catch (error) {
      statistics.failed++;
      return translateError(error, this.server.report);
    } finally {
      if (started !== 0) statistics.microseconds += (performance.now() - started) * 1000 * SAMPLE_EVERY;
    }
  }

  #refusal(command: Command, args: readonly Buffer[]): ReplyError | null {
    if (!arityAllows(command.spec, args.length)) return wrongArguments(command.name);
    if (command.open) return null;
    if (this.user === null) return notAuthenticated();
    return may(this.user.right, command.spec.right) ? null : notPermitted(this.user.name, command.name);
  }

  #publish(command: Command, args: readonly Buffer[]): void {
    this.server.monitor.publish({
      time: Date.now(),
      database: this.database.toString("latin1"),
      address: this.address,
      name: command.name,
      arguments: visibleArguments(command.name, args).slice(1),
    });
  }
}
