/**
 * Gets a connection to a local store, whoever holds it: LevelDB admits one process, so this one either becomes
 * the holder, or is the guest of the holder, or waits for a holder that cannot be reached.
 */
import type { Connection } from "@datadb/client";
import { connectToHolder } from "./connect-to-holder.ts";
import { holdWhenFree } from "./hold-when-free.ts";
import type { StoreOptions } from "./store-options.ts";

/** Throws StoreLockedError after options.lockWaitMs, and what opening throws (NO_STORE, DAMAGED, ...). */
export function attachStore(directory: string, options: StoreOptions): Promise<Connection> {
  return holdWhenFree(directory, options, async (left) => {
    const guest = await connectToHolder(directory, options, left);
    if (guest) return guest;
    // Loaded only now: a guest needs no server.
    const { holdStore } = await import("./hold-store.ts");
    return holdStore(directory, options);
  });
}
