/** Where a program is. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The path of a program in PATH, or null. */
export function findProgram(program: string): string | null {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    try {
      const path = join(directory, program);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return null;
}
