/** The lock of a store whose local/ is not opened: who asks for it leaves nothing, and takes nothing from others. Who keeps whom out, store.test.ts says. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockLocal } from "./lock-local.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb-test-lock-"));
  mkdirSync(join(directory, "local"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("those who want it at the same time leave alone what the others work in", async () => {
  const location = join(directory, "local");
  for (let round = 0; round < 10; round++) {
    // In one process the lock keeps nobody out: it is the process that has it.
    const unlocks = await Promise.all(Array.from({ length: 8 }, () => lockLocal(location)));
    await Promise.all(unlocks.map((unlock) => unlock()));
    expect(readdirSync(directory)).toEqual(["local"]);
  }
});

test("what a killed process left goes, once it is old", async () => {
  const location = join(directory, "local");
  for (const name of ["local.lock", "local.lock-00000000", "local.lock-11111111"])
    mkdirSync(join(directory, name));
  for (const name of ["local.lock", "local.lock-00000000"]) utimesSync(join(directory, name), 1, 1);
  await (await lockLocal(location))();
  expect(readdirSync(directory).sort()).toEqual(["local", "local.lock-11111111"]);
});
