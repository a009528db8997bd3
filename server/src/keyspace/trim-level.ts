/** Has LevelDB give back the space of keys that are deleted: by itself it does so when it comes across them, much later. */
import { nodeFileSystem } from "@datadb/backends";
import { guardLevel, type Level } from "./open-level.ts";

const FIRST = Buffer.from([0]);
const LAST = Buffer.alloc(64, 0xff);
/** What must be free beside it. */
const SPARE_BYTES: number = 16 << 20;

/**
 * Resolves with whether it was done: what stays is written anew first, and a LevelDB that finds no room takes no more writes. What was put and
 * deleted in the last few megabytes of changes stays until later.
 */
export async function trimLevel(level: Level): Promise<boolean> {
  const bytes = await guardLevel(level, level.approximateSize(FIRST, LAST));
  if ((await nodeFileSystem.freeBytes(level.location)) < bytes + SPARE_BYTES) return false;
  // LevelDB counts its levels before it writes what it has in memory, maybe to one below all of them: so that comes first.
  await guardLevel(level, level.compactRange(FIRST, FIRST));
  await guardLevel(level, level.compactRange(FIRST, LAST));
  return true;
}
