/** Becomes the guest of the process that holds a store, through its socket. */
import { existsSync } from "node:fs";
import { type Connection, connect } from "@datadb/client";
import { isTrustedSocket, readHolderNote } from "./holder-note.ts";
import { socketPaths } from "./socket-path.ts";
import type { StoreOptions } from "./store-options.ts";

/** A holder that works answers within this time. */
const ANSWER_MS = 10_000;
const LEAST_ANSWER_MS = 1000;

/**
 * Undefined when nobody answers: there is no holder, or it is starting, ending, stopped or dead. `patience`: ms that the caller waits
 * for the store.
 */
export async function connectToHolder(
  directory: string,
  options: StoreOptions,
  patience: number,
): Promise<Connection | undefined> {
  const uid = process.getuid?.() ?? 0;
  const note = readHolderNote(directory);
  const places = new Set([
    ...(note ? [note.socket] : []),
    ...socketPaths(directory, options.environment, uid),
  ]);
  const { signal } = options;
  const timeoutMs = Math.max(LEAST_ANSWER_MS, Math.min(ANSWER_MS, patience));
  const knocking = { timeoutMs, ...(signal ? { signal } : {}) };
  for (const socket of places) {
    if (!existsSync(socket) || !isTrustedSocket(socket, directory, uid)) continue;
    // The kernel lets connections in that a holder about to end never accepts: only an answer makes one a guest.
    const guest = await connect({ socket }, knocking).catch(() => undefined);
    if (guest) return guest;
  }
  return undefined;
}
