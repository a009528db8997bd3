/** Lets other processes into a store that this one holds, through its socket. */
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { type Database, listenOnSocket, serverState } from "@datadb/server";
import { formatCount } from "../output/format-count.ts";
import { removeHolderNote, writeHolderNote } from "./holder-note.ts";
import { privateDirectory, socketPaths } from "./socket-path.ts";
import type { StoreOptions } from "./store-options.ts";

/** How often a holder that is done looks whether its guests are gone. */
const GUEST_INTERVAL_MS = 20;
/** Guests that leave within this time are not worth a message. */
const QUIET_WAIT_MS = 500;

export interface Guests {
  /**
   * Resolves when no guest is left and none can come any more; says so when that takes time. Ends at once when the
   * signal is aborted.
   */
  gone(): Promise<void>;
  /** Takes the socket away at once; guests that are still there lose their connection. */
  turnAway(): Promise<void>;
}

/** Only for the process that holds the lock: it removes the socket that a dead holder left behind. */
export async function serveGuests(
  database: Database,
  directory: string,
  options: StoreOptions,
): Promise<Guests> {
  // Of a store that nobody can write to everybody has a copy of the databases, and needs no other.
  const alone = database.commits.readOnlyReason() !== null;
  const socket = alone ? undefined : prepareSocket(directory, options);
  if (socket === undefined) return { gone: async () => undefined, turnAway: async () => undefined };
  const listener = await listenOnSocket(database, socket);
  writeHolderNote(directory, { pid: process.pid, job: options.job, socket });
  const { sessions } = serverState(database);
  const gone = async (): Promise<void> => {
    const started = Date.now();
    let told = false;
    while (sessions.size > 0 && !options.signal?.aborted) {
      if (!told && Date.now() - started > QUIET_WAIT_MS) {
        const guests = formatCount(sessions.size, "other process", "other processes");
        options.note(
          `done; waiting for ${guests} that use this store through this one (Ctrl-C: let them go on alone)`,
        );
        told = true;
      }
      await delay(GUEST_INTERVAL_MS);
    }
  };
  return {
    async gone() {
      await gone();
      removeHolderNote(directory);
      rmSync(socket, { force: true });
      // Nobody finds the door any more. Who came through it just now is let in and waited for, not cut off: all whom the
      // kernel has are sessions once the event loop has gone around.
      await turn();
      await turn();
      await gone();
    },
    async turnAway() {
      removeHolderNote(directory);
      await listener.close();
    },
  };
}

/** The first place where a private socket can be; undefined, with a message, when there is none. */
function prepareSocket(directory: string, { environment, note }: StoreOptions): string | undefined {
  const uid = process.getuid?.() ?? 0;
  let why: unknown;
  for (const socket of socketPaths(directory, environment, uid)) {
    try {
      privateDirectory(dirname(socket), uid);
      rmSync(socket, { force: true });
      return socket;
    } catch (error) {
      why = error;
    }
  }
  note(`other processes must wait until this one is done: ${(why as Error).message}`);
  return undefined;
}
