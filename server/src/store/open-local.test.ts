/** What is left of local/ when it is made anew. */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeLocal } from "./open-local.ts";

test("the lock's file stays, so that who holds it still keeps others out", async () => {
  const directory = await mkdtemp(join(tmpdir(), "datadb-local-"));
  const local = join(directory, "local");
  await mkdir(local);
  for (const name of ["LOCK", "CURRENT", "000005.ldb"]) await writeFile(join(local, name), "");
  const before = await stat(join(local, "LOCK"));
  await removeLocal(directory);
  expect(await readdir(local)).toEqual(["LOCK"]);
  expect((await stat(join(local, "LOCK"))).ino).toBe(before.ino);
  await rm(local, { recursive: true });
  await removeLocal(directory);
  await rm(directory, { recursive: true });
});
