/** Temporary directories in memory where the system has such: opening a LevelDB syncs several files, and here nobody pulls the plug. */
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";

/** A new one. */
export function fastDirectory(prefix: string): string {
  return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), prefix));
}
