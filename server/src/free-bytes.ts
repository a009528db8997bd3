/** Room on the disk of a directory. */
import { statfs } from "node:fs/promises";

/** Bytes that this user may still write there. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
