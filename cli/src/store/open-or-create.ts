/** Opens the store in a directory, and makes it first when that is wanted and there is none. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NoStoreError, StoreExistsError } from "@datadb/protocol";
import { createStore, type Database, openDatabase } from "@datadb/server";
import type { StoreOptions } from "./store-options.ts";

/** Making a store takes milliseconds: another process that makes this one is waited for so long. */
const CREATION_MS = 2000;
const LOOK_INTERVAL_MS = 20;

/**
 * Throws STORE_MISSING_KNOWN or WRONG_STORE when the known store is not the one that is there, NO_STORE without
 * `create`, and what opening throws (STORE_LOCKED, FORMAT_TOO_NEW, DAMAGED, ...).
 */
export async function openOrCreate(directory: string, options: StoreOptions): Promise<Database> {
  options.known?.checkPresent(directory);
  const { warn, repair = false, signal } = options;
  const database = await openDatabase(directory, { warn, repair, signal }).catch(async (error: unknown) => {
    if (!(error instanceof NoStoreError) || !options.create) throw error;
    await create(directory, options);
    return openDatabase(directory, { warn, repair, signal });
  });
  try {
    options.known?.check(directory, database.info.id);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function create(directory: string, { note }: StoreOptions): Promise<void> {
  try {
    await createStore(directory);
    note(`made a new store in ${directory}`);
  } catch (error) {
    if (!(error instanceof StoreExistsError) || !(await appears(directory))) throw error;
  }
}

/** Whether the directory becomes a store: two first backups may start at the same moment. */
async function appears(directory: string): Promise<boolean> {
  for (const end = Date.now() + CREATION_MS; Date.now() < end; await delay(LOOK_INTERVAL_MS)) {
    if (existsSync(join(directory, "config.yaml"))) return true;
    if (!existsSync(join(directory, "meta")) && !existsSync(join(directory, "local"))) return false;
  }
  return false;
}
