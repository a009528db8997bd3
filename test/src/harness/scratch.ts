/** Temporary directories that end with the test file that made them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];

// Every test file loads its own copy of this module, so that this hook is the file's.
afterAll(() => {
  if (process.env["DATADB_TEST_KEEP"] === "1") {
    for (const directory of made) console.warn(`kept: ${directory}`);
    return;
  }
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** A new directory with an absolute path, removed after the file's tests (DATADB_TEST_KEEP=1 keeps it). */
export function scratch(label: string): string {
  const directory = mkdtempSync(join(tmpdir(), `datadb-test-${label}-`));
  made.push(directory);
  return directory;
}
