/** Bytes of all files below a directory: what a repository takes. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

export function directoryBytes(directory: string): number {
  let sum = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += lstatSync(join(entry.parentPath, entry.name)).size;
  }
  return sum;
}
