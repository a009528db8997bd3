/** Opens a store in this process and serves it on its socket until the own job and all guests are done. */
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "@datadb/client";
import { NoStoreError, StoreExistsError, UnsafePathError } from "@datadb/protocol";
import { createStore, type Database, openDatabase, serverState } from "@datadb/server";
import { embeddedConnection } from "./embedded-connection.ts";
import { removeHolderNote, writeHolderNote } from "./holder-note.ts";
import { privateDirectory, socketPaths } from "./socket-path.ts";
import type { StoreOptions } from "./store-options.ts";

/** How often a waiting holder looks whether its guests are gone. */
const GUEST_INTERVAL_MS = 20;

/** Throws STORE_LOCKED at once when another process holds the store, and what opening throws. */
export async function holdStore(directory: string, options: StoreOptions): Promise<Connection> {
  const database = await openOrCreate(directory, options);
  try {
    options.known?.check(directory, database.info.id);
    const held = await serveOnSocket(database, directory, options);
    return embeddedConnection(database, () => letGo(database, held, directory, options));
  } catch (error) {
    await database.close();
    throw error;
  }
}
