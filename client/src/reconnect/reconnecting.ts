/** A Connection that outlives the process or network it goes through. */
import { ConnectionLostError, type PlainReply, WrongStoreError } from "@datadb/protocol";
import type { Argument, Connection, StoreFacts } from "../connection.ts";
import { openAgain } from "./open-again.ts";
import type { ReconnectOptions } from "./reconnect-options.ts";
import { mayRepeat } from "./retry-policy.ts";
import { sessionState } from "./session-state.ts";
import { windowGate } from "./window-gate.ts";

const WINDOW_BYTES = 64 << 20;

/**
 * Opens a connection when the first command needs one, and a new one whenever it is lost: reads are repeated,
 * blobs that may not be durable are sent again, the lease is taken up again, an open transaction is replayed under
 * its id. A command that must not run twice and whose fate is unknown fails with CONNECTION_LOST.
 *
 * The array that BACKUP answered is brought up to date in place when its transaction had to be replayed: read id
 * and time from it after TXCOMMIT.
 *
 * @param open makes a connection; it may reach another process, or open the store in this one.
 * @example
 * const connection = reconnecting(() => connect("redis://db.internal"), { giveUpAfterMs: 10_000 });
 */
export function reconnecting(open: () => Promise<Connection>, options: ReconnectOptions = {}): Connection {
  const state = sessionState();
  const { window } = state;
  let current: Connection | null = options.initial ?? null;
  let opening: Promise<Connection> | null = null;
  let facts: StoreFacts | undefined;
  let closed = false;

  /** Resolves with a connection on which the session stands where it stood. */
  async function ready(lost: Error | null): Promise<Connection> {
    if (closed) throw new ConnectionLostError("the connection was closed by this side");
    if (current !== null) return current;
    opening ??= openAgain(open, prepare, lost, options).finally(() => {
      opening = null;
    });
    return await opening;
  }

  async function prepare(connection: Connection): Promise<void> {
    if (facts !== undefined) {
      const found = await connection.facts();
      if (found.id !== facts.id) {
        throw new WrongStoreError(`the connection now leads to store ${found.id}, not ${facts.id}`);
      }
    }
    await state.restore(connection);
    if (closed) await connection.close();
    current = connection;
  }

  function forget(connection: Connection): void {
    if (current !== connection) return;
    current = null;
    void connection.close().catch(() => {});
  }

  async function send(args: readonly Argument[]): Promise<PlainReply> {
    const name = String(args[0]).toLowerCase();
    const mark = window.mark();
    let lost: Error | null = null;
    for (;;) {
      const connection = current ?? (await ready(lost));
      if (lost !== null) state.repeating();
      try {
        const reply = state.answered(args, await connection.call(...args));
        if (name === "done") window.drop(mark);
        if (name === "txcommit") await state.settle(connection);
        return reply;
      } catch (error) {
        if (!(error instanceof ConnectionLostError) || closed) throw error;
        lost = error;
        forget(connection);
        // Inside a transaction nothing has happened yet: what was not answered is simply sent again.
        if (!state.inTransaction && !mayRepeat(name)) throw unknownFate(args, error);
      }
    }
  }

  const gate = windowGate(window, options.windowBytes ?? WINDOW_BYTES, async () => await send(["DONE"]));
  return {
    ...(options.initial?.local === undefined ? {} : { local: options.initial.local }),
    async call(...args) {
      if (String(args[0]).toUpperCase() === "BPUT") gate.check();
      if (gate.closed !== null) await gate.closed;
      return await send(state.prepare(args));
    },
    async facts() {
      facts ??= await (await ready(null)).facts();
      return facts;
    },
    async close() {
      closed = true;
      const last = current;
      current = null;
      await last?.close();
    },
  };
}

function unknownFate(args: readonly Argument[], cause: ConnectionLostError): ConnectionLostError {
  const name = String(args[0]).toUpperCase();
  return new ConnectionLostError(`${cause.message}; it is not known whether ${name} was carried out`, {
    next: "look at the store, then run the command again if needed",
    fields: cause.fields,
    cause,
  });
}
