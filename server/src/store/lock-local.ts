/** Takes the lock of the store without opening local/, whose files LevelDB must not see as they are. */
import { link, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openLevel } from "../keyspace/open-level.ts";

/** File systems without links, and full disks. */
const WITHOUT_LINKS: ReadonlySet<string | undefined> = new Set([
  ...["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "ENOSPC", "EDQUOT"],
]);

/**
 * LevelDB locks the file LOCK, by its inode: an empty LevelDB with another name of the same file holds the same lock. Resolves with what
 * gives it back, to be called before local/ is opened: closing any name of the file ends the lock of the process. Where that is not to be
 * had, nobody is kept out. Error: STORE_LOCKED.
 */
export async function lockLocal(location: string): Promise<() => Promise<void>> {
  const lock = join(location, "LOCK");
  const beside = `${location}.lock`;
  await rm(beside, { recursive: true, force: true });
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
    return async () => {
      await level.close();
      await rm(beside, { recursive: true, force: true });
    };
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}
