/** The connection of the moment: opened when needed, replaced when lost, brought to where the lost one was. */
import { ConnectionLostError, type PlainReply, WrongStoreError } from "@datadb/protocol";
import type { Argument, Connection, StoreFacts } from "../connection.ts";
import { openAgain } from "./open-again.ts";
import type { ReconnectOptions } from "./reconnect-options.ts";
import type { SessionState } from "./session-state.ts";

export interface LiveConnection {
  /** Sends a command until it is answered; one that is not repeatable fails when its fate is unknown. */
  send(args: readonly Argument[], repeatable: boolean): Promise<PlainReply>;
  facts(): Promise<StoreFacts>;
  close(): Promise<void>;
}

export function liveConnection(
  open: () => Promise<Connection>,
  state: SessionState,
  options: ReconnectOptions,
): LiveConnection {
  let current: Connection | null = options.initial ?? null;
  let opening: Promise<Connection> | null = null;
  let facts: StoreFacts | undefined;
  let closed = false;
  let lost: Error | null = null;
  /** The time to wait for a new connection was over once: whoever asks next has one try, and does not wait for as long again. */
  let gaveUp = false;

  /** Resolves with a connection on which the session stands where it stood. */
  async function ready(): Promise<Connection> {
    if (closed) throw new ConnectionLostError("the connection was closed by this side");
    opening ??= openAgain(open, prepare, lost, gaveUp ? { ...options, giveUpAfterMs: 0 } : options).finally(
      () => {
        opening = null;
      },
    );
    try {
      const connection = await opening;
      gaveUp = false;
      return connection;
    } catch (error) {
      gaveUp = lost !== null;
      throw error;
    }
  }

  async function prepare(connection: Connection): Promise<void> {
    if (facts !== undefined) await refuseOtherStore(connection, facts);
    await state.restore(connection);
    if (closed) await connection.close();
    current = connection;
  }

  function forget(connection: Connection, why: Error): void {
    if (current !== connection) return;
    current = null;
    lost = why;
    void connection.close().catch(() => {});
  }

  return {
    async send(args, repeatable) {
      for (let again = false; ; again = true) {
        const connection = current ?? (await ready());
        if (again) state.repeating();
        try {
          return await connection.call(...args);
        } catch (error) {
          if (!(error instanceof ConnectionLostError) || closed) throw error;
          forget(connection, error);
          if (!repeatable) throw unknownFate(args, error);
        }
      }
    },
    async facts() {
      while (facts === undefined) {
        const connection = current ?? (await ready());
        try {
          facts = await connection.facts();
        } catch (error) {
          if (!(error instanceof ConnectionLostError) || closed) throw error;
          forget(connection, error);
        }
      }
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

async function refuseOtherStore(connection: Connection, known: StoreFacts): Promise<void> {
  const { id } = await connection.facts();
  if (id !== known.id) throw new WrongStoreError(`the connection now leads to store ${id}, not ${known.id}`);
}

function unknownFate(args: readonly Argument[], cause: ConnectionLostError): ConnectionLostError {
  const name = String(args[0]).toUpperCase();
  return new ConnectionLostError(`${cause.message}; it is not known whether ${name} was carried out`, {
    next: "look at the store, then run the command again if needed",
    fields: cause.fields,
    cause,
  });
}
