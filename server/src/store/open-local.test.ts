/** What is left of local/ when it is made anew. */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { expect, test } from "vitest";
import { removeLocal } from "./open-local.ts";
import { createScratchStore } from "./scratch-store.ts";

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

test("a LevelDB that was changing its log when the power failed is made anew; when only its process was killed it is not", async () => {
  const store = await createScratchStore();
  try {
    const database = await store.open();
    const name = await database.blobs.putContent("data", Buffer.from("content"));
    await database.blobs.flush();
    await database.close();
    const local = join(store.directory, "local");
    // As LevelDB leaves it: an older log beside the current one.
    await writeFile(join(local, "000001.log"), "");
    await store.open().then((again) => again.close());
    expect(store.warnings).toEqual([]);
    const level = new ClassicLevel<Buffer, Buffer>(local, { keyEncoding: "buffer", valueEncoding: "buffer" });
    await level.put(Buffer.from("b"), Buffer.from("another run of the machine"));
    await level.close();
    await writeFile(join(local, "000001.log"), "");
    await using again = await store.open();
    expect(store.warnings.join()).toContain("power failed");
    expect(await again.blobs.getContent("data", name)).toEqual(Buffer.from("content"));
  } finally {
    await store.remove();
  }
});
