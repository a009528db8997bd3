/** Opens a connection, again and again until it works or the time is up. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  BackendUnavailableError,
  ConnectionLostError,
  InterruptedError,
  StoreLockedError,
} from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { ReconnectOptions } from "./reconnect-options.ts";

const GIVE_UP_MS = 60_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/**
 * @param prepare what has to be done on a new connection before anyone may use it; repeated with the next one.
 * @param lost what ended the connection before; null for the very first.
 */
export async function openAgain(
  open: () => Promise<Connection>,
  prepare: (connection: Connection) => Promise<void>,
  lost: Error | null,
  options: ReconnectOptions,
): Promise<Connection> {
  const limit = options.giveUpAfterMs ?? GIVE_UP_MS;
  const started = performance.now();
  let pause = options.pauseMs ?? FIRST_PAUSE_MS;
  for (let attempts = 1; ; attempts++) {
    try {
      const connection = await openOnce(open, prepare);
      if (lost !== null) options.onReconnect?.({ lost, attempts });
      return connection;
    } catch (error) {
      // Nothing was lost yet when the very first attempt fails: its own error says it best.
      if (lost === null || !mayPass(error)) throw error;
      if (performance.now() - started + pause > limit) throw givenUp(lost, error as Error, limit);
    }
    // Several clients of one dead holder must not knock in step.
    await sleep(pause * (0.5 + Math.random()), undefined, { signal: options.signal }).catch(() => {
      throw new InterruptedError("waiting for a new connection was interrupted", {
        cause: options.signal?.reason,
      });
    });
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

async function openOnce(
  open: () => Promise<Connection>,
  prepare: (connection: Connection) => Promise<void>,
): Promise<Connection> {
  const connection = await open();
  try {
    await prepare(connection);
    return connection;
  } catch (error) {
    await connection.close().catch(() => {});
    throw error;
  }
}

function mayPass(error: unknown): boolean {
  return [ConnectionLostError, StoreLockedError, BackendUnavailableError].some(
    (type) => error instanceof type,
  );
}

function givenUp(lost: Error, last: Error, limit: number): ConnectionLostError {
  const within = limit > 0 ? `within ${limit / 1000} s` : "at once";
  const message = `${lost.message}; no new connection ${within}: ${last.message}`;
  return new ConnectionLostError(message, { cause: last });
}
