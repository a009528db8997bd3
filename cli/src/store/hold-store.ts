/** Opens a store in this process, for its own job and for guests. */
import type { Connection } from "@datadb/client";
import { embeddedConnection } from "./embedded-connection.ts";
import { openOrCreate } from "./open-or-create.ts";
import { serveGuests } from "./serve-guests.ts";
import type { StoreOptions } from "./store-options.ts";

/**
 * Closing the connection waits for the guests, then gives the store back. Throws STORE_LOCKED at once when another
 * process holds the store, and what opening throws.
 */
export async function holdStore(directory: string, options: StoreOptions): Promise<Connection> {
  const database = await openOrCreate(directory, options);
  try {
    const guests = await serveGuests(database, directory, options);
    return embeddedConnection(database, async () => {
      await guests.gone();
      await guests.turnAway();
      await database.close();
    });
  } catch (error) {
    await database.close();
    throw error;
  }
}
