/** A store that is made anew from its packs equals the live one, entry by entry. */
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeMeta } from "@datadb/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "../database.ts";
import { randomOperation, seededRandom } from "../keyspace/random-operations.ts";
import { createScratchStore, type ScratchStore, testSeed } from "../store/scratch-store.ts";
import { rebuildStore } from "./rebuild-store.ts";

let store: ScratchStore;
beforeEach(async () => {
  store = await createScratchStore();
});
afterEach(() => store.remove());

const bytes = (text: string): Buffer => Buffer.from(text);

async function backUp(open: Database, random: (below: number) => number): Promise<Buffer> {
  const chunk = await open.blobs.putContent("data", Buffer.alloc(random(3000), random(256)));
  const meta = encodeMeta({
    name: bytes(`n${random(100)}`),
    type: "file",
    mode: 0,
    uid: 0,
    gid: 0,
    mtime: 0n,
    size: 1,
    chunk,
  });
  const ref = await open.blobs.putContent("node", meta);
  const path = bytes(`/p${random(3)}`);
  const { backup, timestamp } = await open.commits.reserveBackup(bytes("h"), path);
  await open.commits.commit(
    [{ op: "backup", host: bytes("h"), path, timestamp, ref, fields: [[bytes("size"), bytes("1")]] }],
    { txid: backup },
  );
  return backup;
}

async function liveOnce(open: Database, random: (below: number) => number, backups: Buffer[]): Promise<void> {
  switch (random(12)) {
    case 0:
      backups.push(await backUp(open, random));
      break;
    case 1:
      await open.commits.commit([
        { op: "tag", backup: backups[random(backups.length)] ?? Buffer.alloc(32), tags: bytes("[]") },
      ]);
      break;
    case 2:
      await open.commits.commit([
        { op: random(2) ? "pin" : "unpin", backup: backups[random(backups.length)] ?? Buffer.alloc(32) },
      ]);
      break;
    case 3:
      if (random(4) === 0)
        await open.commits.commit([
          { op: "forget", backup: backups[random(backups.length)] ?? Buffer.alloc(32) },
        ]);
      break;
    default: {
      const operations = Array.from({ length: 1 + random(5) }, () => randomOperation(random));
      await open.commits.commit(operations, { txid: bytes(String(random(1e6))) }).catch(() => undefined);
    }
  }
}

test("the rebuilt keyspace equals the live one, with and without checkpoints", async () => {
  const random = seededRandom(testSeed());
  const backups: Buffer[] = [];
  for (const every of [15, 1_000_000]) {
    const open = await store.open({ checkpointEvery: every });
    for (let i = 0; i < 150; i += 1) await liveOnce(open, random, backups);
    if (every === 15) expect(open.commits.lastCheckpoint()).toBeGreaterThan(0);
    await open.close();
    const live = await store.dump("meta");
    await rebuildStore(store.directory, { warn: (message) => store.warnings.push(message) });
    expect(await store.dump("meta")).toEqual(live);
  }
  await using again = await store.open();
  const check = again.check({ readData: 100 });
  let event = await check.next();
  for (; !event.done; event = await check.next())
    if (event.value.type === "finding") expect.fail(event.value.message);
  expect(event.value.findings).toBe(0);
  expect(event.value.read).toBeGreaterThan(0);
});

async function damageNodes(directory: string): Promise<void> {
  const path = join(
    directory,
    "blobs",
    (await readdir(join(directory, "blobs"))).find((name) => name.startsWith("nodes-")) as string,
  );
  const content = await readFile(path);
  // Past the header: every record's magic is spoiled.
  for (let at = content.indexOf("dRec", 64); at >= 0; at = content.indexOf("dRec", at + 4)) content[at] = 0;
  await writeFile(path, content);
}

test("a damaged checkpoint costs nothing but a warning while the log is whole", async () => {
  const open = await store.open();
  for (let i = 0; i < 20; i += 1) {
    await open.commits.commit([{ op: "set", database: bytes("d"), key: bytes(`k${i}`), value: bytes("v") }]);
    if (i === 10) await open.commits.checkpoint();
  }
  await open.close();
  const live = await store.dump("meta");
  await damageNodes(store.directory);
  const warnings: string[] = [];
  await rebuildStore(store.directory, { warn: (message) => warnings.push(message) });
  expect(warnings.join()).toContain("the checkpoint at log record 11 cannot be used");
  expect(await store.dump("meta")).toEqual(live);
});

test("a lost local/ is made anew when the store is opened", async () => {
  const random = seededRandom(testSeed());
  const open = await store.open();
  const backup = await backUp(open, random);
  await open.close();
  await rm(join(store.directory, "local"), { recursive: true });
  await using again = await store.open();
  expect(store.warnings.join()).toContain("local was empty: 3 records were indexed");
  expect((await again.stats()).backups).toBe(1);
  expect((await again.commits.commit([{ op: "pin", backup }])).results).toEqual([1]);
});

async function truncateLevel(part: "meta" | "local"): Promise<string> {
  const directory = join(store.directory, part);
  for (const name of await readdir(directory))
    if (/\.(ldb|log)$|MANIFEST/.test(name)) await truncate(join(directory, name), 10);
  return directory;
}

test.each(["meta", "local"] as const)("a truncated LevelDB %s is made anew, with a warning", async (part) => {
  const open = await store.open();
  for (let round = 0; round < 3; round += 1) {
    const value = Buffer.alloc(200_000, round);
    for (let i = 0; i < 60; i += 1)
      await open.commits.commit([{ op: "set", database: bytes("d"), key: bytes(`k${round}-${i}`), value }]);
  }
  await backUp(open, seededRandom(1));
  await open.close();
  const live = await store.dump("meta");
  const directory = await truncateLevel(part);
  await (await store.open()).close();
  expect(store.warnings.join()).toContain(directory);
  expect(store.warnings.join()).toContain("made anew");
  expect(await store.dump("meta")).toEqual(live);
});

test("a damaged meta/ is not made anew from a log that lost a pack, or its end", async () => {
  const open = await store.open();
  await backUp(open, seededRandom(2));
  await open.close();
  const live = await store.dump("meta");
  const packs = join(store.directory, "blobs");
  const log = join(packs, "log-00001");
  const content = await readFile(log);
  await truncateLevel("meta");
  await rm(log);
  await expect(store.open()).rejects.toMatchObject({
    code: "DAMAGED",
    next: expect.stringContaining("restore the missing packs"),
  });
  // Records that nobody can read any more, in a pack of the right length.
  await writeFile(log, Buffer.concat([content.subarray(0, 64), Buffer.alloc(content.length - 64, 7)]));
  for (let attempt = 0; attempt < 2; attempt += 1)
    await expect(store.open()).rejects.toMatchObject({ code: "DAMAGED" });
  await writeFile(log, content);
  await (await store.open()).close();
  expect(await store.dump("meta")).toEqual(live);
});
