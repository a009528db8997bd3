/** Lanes: tests that need something of the machine. Without it they are skipped loudly, by name. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { describe } from "vitest";

/** Whether the counts are the full ones (`npm run test:long`). */
export const LONG: boolean = process.env["DATADB_TEST_LONG"] === "1";

export type Need = "root" | { program: string };

/** A describe block that runs only where its needs are met. */
export function lane(name: string, needs: readonly Need[], body: () => void): void {
  const missing = needs.filter((need) => !met(need)).map((need) => (need === "root" ? "root" : need.program));
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  console.warn(`SKIPPED lane "${name}": needs ${missing.join(", ")}`);
  describe.skip(`${name} (needs ${missing.join(", ")})`, body);
}

function met(need: Need): boolean {
  return need === "root" ? process.getuid?.() === 0 : findProgram(need.program) !== null;
}

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
