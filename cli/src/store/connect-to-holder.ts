/** Becomes the guest of the process that holds a store, through its socket. */
import { existsSync } from "node:fs";
import { type Connection, connect } from "@datadb/client";
import { isTrustedSocket, readHolderNote } from "./holder-note.ts";
import { socketPaths } from "./socket-path.ts";
import type { StoreOptions } from "./store-options.ts";

/** Undefined when nobody answers: there is no holder, or it is starting, ending or dead. */
export async function connectToHolder(
  directory: string,
  options: StoreOptions,
): Promise<Connection | undefined> {
  const uid = process.getuid?.() ?? 0;
  const note = readHolderNote(directory);
  const places = new Set([
    ...(note ? [note.socket] : []),
    ...socketPaths(directory, options.environment, uid),
  ]);
  for (const socket of places) {
    if (!existsSync(socket) || !isTrustedSocket(socket, directory, uid)) continue;
    const guest = await knock(socket, options.signal).catch(() => undefined);
    if (guest) return guest;
  }
  return undefined;
}

/** The kernel lets connections in that a holder about to end never accepts: only an answer makes one a guest. */
async function knock(socket: string, signal: AbortSignal | undefined): Promise<Connection> {
  const guest = await connect({ socket }, signal ? { signal } : {});
  await guest.call("PING");
  return guest;
}
