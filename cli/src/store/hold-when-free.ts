/** Opens a store for this process alone, waiting for whoever holds it. */
import { setTimeout as delay } from "node:timers/promises";
import { StoreLockedError } from "@datadb/protocol";
import { holderOf, lockedBy } from "./holder-note.ts";
import type { StoreOptions } from "./store-options.ts";

const RETRY_INTERVAL_MS = 50;
/** Waiting longer than this is worth a message. */
const QUIET_WAIT_MS = 1000;

/**
 * Calls `open` until it does not throw STORE_LOCKED any more; after options.lockWaitMs throws STORE_LOCKED that names the
 * holder. `left`: ms until then.
 */
export async function holdWhenFree<T>(
  directory: string,
  options: StoreOptions,
  open: (left: number) => Promise<T>,
): Promise<T> {
  const started = Date.now();
  let told = false;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      return await open(options.lockWaitMs - (Date.now() - started));
    } catch (error) {
      if (!(error instanceof StoreLockedError)) throw error;
    }
    const waited = Date.now() - started;
    if (waited >= options.lockWaitMs) throw lockedBy(directory);
    if (waited >= QUIET_WAIT_MS && !told) {
      options.note(`waiting for ${directory}: ${holderOf(directory)} has it open`);
      told = true;
    }
    await delay(RETRY_INTERVAL_MS, undefined, options.signal ? { signal: options.signal } : {});
  }
}
