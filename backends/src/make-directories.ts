/** Directories, with those above them. Node's recursive mkdir tries for ever where a directory says ENOENT of what is made in it, as /proc does. */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** What is in them is the owner's alone. */
const MODE = 0o700;

/** Resolves with the topmost directory that was made, or null when all were there. Rejects as mkdir does. */
export async function makeDirectories(path: string): Promise<string | null> {
  try {
    await mkdir(path, MODE);
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return null;
    if (code !== "ENOENT" || path === dirname(path)) throw error;
  }
  const above = await makeDirectories(dirname(path));
  try {
    await mkdir(path, MODE);
  } catch (error) {
    // Somebody else made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return above ?? path;
}
