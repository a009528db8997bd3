/** Takes the lock of the store without opening local/, whose files LevelDB must not see as they are. */
import { randomBytes } from "node:crypto";
import { link, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { openLevel } from "../keyspace/open-level.ts";

/** File systems without links, and full disks. */
const WITHOUT_LINKS: ReadonlySet<string | undefined> = new Set([
  ...["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "ENOSPC", "EDQUOT"],
]);

/** What is older was left by a process that was killed. */
const STALE_MS: number = 60 * 60 * 1000;

/** Of those who want the lock at the same time each has a place of its own, which the others leave alone. */
async function removeStale(location: string): Promise<void> {
  const directory = dirname(location);
  for (const name of await readdir(directory)) {
    if (!name.startsWith(`${basename(location)}.lock`)) continue;
    const path = join(directory, name);
    const facts = await stat(path).catch(() => null);
    if (facts !== null && Date.now() - facts.mtimeMs > STALE_MS)
      await rm(path, { recursive: true, force: true });
  }
}

/**
 * LevelDB locks the file LOCK, by its inode: an empty LevelDB with another name of the same file holds the same lock. Resolves with what
 * gives it back, to be called before local/ is opened: closing any name of the file ends the lock of the process. Where that is not to be
 * had, nobody is kept out. Error: STORE_LOCKED.
 */
export async function lockLocal(location: string): Promise<() => Promise<void>> {
  const lock = join(location, "LOCK");
  const beside = `${location}.lock-${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(lock, "", { flag: "a" });
    await mkdir(beside, { mode: 0o700 });
    await link(lock, join(beside, "LOCK"));
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    if (!WITHOUT_LINKS.has((error as NodeJS.ErrnoException).code)) throw error;
    return async () => {};
  }
  try {
    const level = await openLevel(beside);
    await removeStale(location).catch(() => undefined);
    return async () => {
      await level.close();
      await rm(beside, { recursive: true, force: true });
    };
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}
