/** A command as dispatch runs it: its entry in the catalogue and its handler. */
import type { CommandSpec, Reply } from "@datadb/protocol";
import type { Turn } from "../session/command-order.ts";
import type { Session } from "../session/session.ts";

/**
 * Runs one command: parse, find, act, reply. `args[0]` is the name as it was sent; the count has been checked. Buffers may be
 * slices of a connection's input: copy what outlives the reply. Errors are thrown or rejected, as ReplyError or
 * DatadbError; dispatch makes replies of them.
 */
export type CommandHandler = (session: Session, args: readonly Buffer[]) => Reply | Promise<Reply>;

export interface Command {
  readonly name: string;
  readonly spec: CommandSpec;
  readonly run: CommandHandler;
  readonly turn: Turn;
  /** When the turn depends on the arguments. */
  readonly turnOf?: ((args: readonly Buffer[]) => Turn) | undefined;
  /** Its promises never reject: errors are replies already. */
  readonly settles: boolean;
  /** Works before authentication. */
  readonly open: boolean;
  /** Place in the counters of a server. */
  readonly index: number;
}
