/** Opens local/, the lock of the store; what is damaged there is made anew, since a scan of the packs replaces it. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatadbError } from "@datadb/protocol";
import { guardLevel, type Level, mayHaveHole, openLevel } from "../keyspace/open-level.ts";
import { verifyLevel } from "../level-files/verify-level.ts";
import { lockLocal } from "./lock-local.ts";

/** An open local/. */
export interface Local {
  readonly level: Level;
  /** No backend has an index in it. */
  readonly empty: boolean;
  /** The machine was started anew since the store was last open, as far as anybody can tell: a power cut may have taken writes. */
  readonly rebooted: boolean;
}

/** The id of the machine's run in which the store was last open. Permanent. */
const BOOT_KEY = Buffer.from("b");
/** What tells one run of a Linux machine from the next. */
const BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id";

/** The directory of local/ in a store. */
function localPath(directory: string): string {
  return join(directory, "local");
}

/** Whether an error says that local/ is damaged. */
export function isLocalDamage(directory: string, error: unknown): boolean {
  return (
    error instanceof DatadbError && error.code === "DAMAGED" && error.fields["path"] === localPath(directory)
  );
}

async function hasIndex(level: Level): Promise<boolean> {
  return (
    (await guardLevel(level, level.keys({ gte: Buffer.from("i/"), lt: Buffer.from("i0"), limit: 1 }).all()))
      .length > 0
  );
}

/** Whether this is another run of the machine than the one that last opened the store. */
async function noteBoot(level: Level): Promise<boolean> {
  const id = await readFile(BOOT_ID_FILE).catch(() => null);
  const last = await guardLevel(level, level.get(BOOT_KEY));
  if (id === null) return true;
  if (last?.equals(id)) return false;
  await guardLevel(level, level.put(BOOT_KEY, id));
  return true;
}

async function openOnce(directory: string, warn: (message: string) => void): Promise<Local> {
  const holed = await mayHaveHole(localPath(directory));
  const level = await openLevel(localPath(directory));
  try {
    const rebooted = await noteBoot(level);
    if (holed && rebooted) {
      warn(`${level.location} was being written when the power failed: it is made anew by reading the packs`);
      await guardLevel(level, level.clear());
    }
    return { level, empty: !(await hasIndex(level)), rebooted };
  } catch (error) {
    await level.close();
    throw error;
  }
}

/**
 * Removes what local/ holds. The caller must not have it open, and only calls this when LevelDB found damage, not a lock. The
 * lock's file stays: another process may have locked it just now, and with a new file there would be two holders.
 */
export async function removeLocal(directory: string): Promise<void> {
  const path = localPath(directory);
  for (const name of await readdir(path).catch(() => []))
    if (name !== "LOCK") await rm(join(path, name), { recursive: true, force: true });
}

/** How local/ is opened. */
export interface LocalOptions {
  warn(message: string): void;
  /** All its tables are verified before LevelDB sees them; else only when they are small. */
  verify?: boolean;
}

/** Files that are not what LevelDB wrote go before it meets them. */
async function removeDamaged(directory: string, { warn, verify = false }: LocalOptions): Promise<void> {
  const path = localPath(directory);
  if ((await verifyLevel(path, { tables: verify })) === null) return;
  const unlock = await lockLocal(path);
  try {
    // Who was writing to it until now has made it whole.
    const damage = await verifyLevel(path, { tables: verify });
    if (damage === null) return;
    warn(`${damage.message}; local/ is made anew by reading the packs`);
    await removeLocal(directory);
  } finally {
    await unlock();
  }
}

/** Errors: STORE_LOCKED, DISK_FULL, BACKEND_UNAVAILABLE. */
export async function openLocal(directory: string, options: LocalOptions): Promise<Local> {
  await removeDamaged(directory, options);
  try {
    return await openOnce(directory, options.warn);
  } catch (error) {
    if (!isLocalDamage(directory, error)) throw error;
    options.warn(`${(error as Error).message}; it is made anew by reading the packs`);
  }
  await removeLocal(directory);
  return openOnce(directory, options.warn);
}
