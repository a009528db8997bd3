/**
 * Gets a connection to a local store, whoever holds it: LevelDB admits one process, so this one either becomes
 * the holder, or is the guest of the holder, or waits for a holder that cannot be reached.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "@datadb/client";
import { StoreLockedError } from "@datadb/protocol";
import { connectToHolder } from "./connect-to-holder.ts";
import { readHolderNote } from "./holder-note.ts";
import type { StoreOptions } from "./store-options.ts";

/** The holder that was found may be about to end, or not yet listening: both last a few milliseconds. */
const RETRY_INTERVAL_MS = 50;
/** Waiting longer than this is worth a message. */
const QUIET_WAIT_MS = 1000;

/** Throws StoreLockedError after options.lockWaitMs, and what opening throws (NO_STORE, DAMAGED, ...). */
export async function attachStore(directory: string, options: StoreOptions): Promise<Connection> {
  const started = Date.now();
  let told = false;
  for (;;) {
    options.signal?.throwIfAborted();
    const guest = await connectToHolder(directory, options);
    if (guest) return guest;
    // Loaded only now: a guest needs no server.
    const { holdStore } = await import("./hold-store.ts");
    const held = await holdStore(directory, options).catch((error: unknown) => {
      if (error instanceof StoreLockedError) return undefined;
      throw error;
    });
    if (held) return held;
    const waited = Date.now() - started;
    if (waited >= options.lockWaitMs) throw lockedBy(directory);
    if (waited >= QUIET_WAIT_MS && !told) {
      options.note(`waiting for ${directory}: ${holderOf(directory)} holds it and does not answer`);
      told = true;
    }
    await delay(RETRY_INTERVAL_MS, undefined, options.signal ? { signal: options.signal } : {});
  }
}

function holderOf(directory: string): string {
  const note = readHolderNote(directory);
  return note ? `process ${note.pid} (datadb ${note.job})` : "another process";
}

function lockedBy(directory: string): StoreLockedError {
  return new StoreLockedError(`${directory} is held by ${holderOf(directory)}, which does not answer`, {
    next: "wait for it to end, or stop it; --lock-wait says how long to wait",
    fields: { directory, ...readHolderNote(directory) },
  });
}
