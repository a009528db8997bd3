/** datadb copy: backups go from one store to another as they are, and only what is missing is sent. */
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  type Backup,
  check,
  copyBackups,
  listBackups,
  type OpenStore,
  openStore,
  restore,
  snapshot,
  tag,
} from "datadb";
import { beforeAll, expect, test } from "vitest";
import { openWorld, parseRecords, type World } from "../harness/command.ts";
import { differences } from "../harness/compare-trees.ts";
import { startCuttingProxy } from "../harness/cutting-proxy.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";
import { startServer } from "../harness/server-process.ts";
import { waitFor } from "../harness/wait-for.ts";

const DAYS = 3;
const STREAM = Buffer.from("the one content that is nowhere else");
const directory = scratch("copy");
const random = randomOf("copy");
const tree = join(directory, "tree");
const from = join(directory, "from");
let world: World;

/** Rows of a large file, so that days resemble each other, and many small ones. */
function writeDay(rows: string[], day: number): void {
  for (let i = 0; i < 150; i++) {
    const at = random.integer(rows.length);
    rows[at] = `${rows[at]} day ${day}`;
  }
  rows.splice(
    random.integer(rows.length),
    0,
    ...Array.from({ length: 50 }, () => random.bytes(40).toString("hex")),
  );
  writeFileSync(join(tree, "rows"), rows.join("\n"));
  writeFileSync(join(tree, "deep/er", `day ${day}`), random.bytes(1000));
}

beforeAll(async () => {
  world = openWorld(directory);
  mkdirSync(join(tree, "deep/er"), { recursive: true });
  for (let i = 0; i < 300; i++) writeFileSync(join(tree, `${i}`), `file ${i}\n`.repeat(i));
  const rows = Array.from({ length: 24_000 }, (_, i) => `${i} ${random.bytes(24).toString("hex")}`);
  await using store = await openStore(from, { create: true });
  for (let day = 0; day < DAYS; day++) {
    writeDay(rows, day);
    await snapshot(store, [tree], { name: "tree", host: "here", tags: [`day ${day}`], meta: { day } });
  }
  await snapshot(store, { stdin: Readable.from([STREAM]) }, { name: "stream", host: "here" });
});

const bytesOf = (store: string): number => {
  const blobs = join(store, "blobs");
  return readdirSync(blobs).reduce((sum, name) => sum + statSync(join(blobs, name)).size, 0);
};

/** What of a backup its copy has as well. */
const listed = (backups: readonly Backup[]): unknown[] =>
  backups.map(({ fields: { cache: _, ...fields }, ...rest }) => ({ ...rest, fields }));

async function expectCopies(store: OpenStore, originals: readonly Backup[]): Promise<void> {
  expect(listed(await listBackups(store))).toEqual(listed(originals));
  expect(await check(store, { readData: 100 })).toMatchObject({ findings: [] });
}

test("copies are listed and restored as their originals, stay small, and are made once", async () => {
  await using source = await openStore(from);
  const to = join(directory, "to");
  await using target = await openStore(to, { create: true });
  const backups = await listBackups(source);
  const progress: number[] = [];
  const copied = await copyBackups(source, target, backups, {
    onProgress: ({ bytes }) => progress.push(bytes),
  });
  expect(copied).toMatchObject({ copied: DAYS + 1, there: 0, failed: 0 });
  expect(progress.at(-1)).toBe(backups.reduce((sum, { size }) => sum + size, 0));
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  await expectCopies(target, backups);
  const restored = join(directory, "restored");
  await restore(target, (await listBackups(target, { name: "tree" }))[0]!, "", restored);
  expect(await differences(tree, restored)).toEqual([]);
  expect(bytesOf(to)).toBeLessThan(bytesOf(from) * 1.35);
  expect(await copyBackups(source, target, backups)).toMatchObject({
    ...{ copied: 0, there: DAYS + 1 },
    sent: { blobs: 0, bytes: 0 },
  });
  // The series goes on here: the next backup is later than what was copied, and finds its scan cache.
  const next = await snapshot(target, [tree], { name: "tree", host: "here" });
  expect(next).toMatchObject({ entries: { new: 0, changed: 0 }, bytes: { read: 0 } });
  expect((await listBackups(target, { name: "tree" })).map(({ id }) => id)).toEqual([
    next.backup,
    ...backups.filter(({ name }) => name === "tree").map(({ id }) => id),
  ]);
});

test("older backups find their place among newer ones, tags of copies stay as they are", async () => {
  await using source = await openStore(from);
  await using target = await openStore(join(directory, "later"), { create: true });
  const backups = await listBackups(source, { name: "tree" });
  await copyBackups(source, target, [backups[1]!]);
  const [only] = await listBackups(target);
  await tag(target, only!, { add: ["mine"] });
  expect(await copyBackups(source, target, backups)).toMatchObject({ copied: DAYS - 1, there: 1 });
  const now = await listBackups(target);
  expect(now.map(({ id }) => id)).toEqual(backups.map(({ id }) => id));
  expect(now[1]!.tags).toContain("mine");
});

test("to a server whose connections are cut, and a dry run before", async () => {
  await using source = await openStore(from);
  const server = await startServer(world, join(directory, "served"));
  const cuts = Array.from({ length: 12 }, () => 50_000 + random.integer(400_000));
  const proxy = await startCuttingProxy({ port: server.port }, () => cuts.pop() ?? Number.POSITIVE_INFINITY);
  {
    await using target = await openStore(proxy.url);
    const backups = await listBackups(source);
    const fates: string[] = [];
    const dry = await copyBackups(source, target, backups, {
      dryRun: true,
      onBackup: ({ outcome }) => fates.push(outcome),
    });
    expect(dry).toMatchObject({ copied: 0, missing: DAYS + 1, sent: { blobs: 0 } });
    expect(fates).toEqual(Array(DAYS + 1).fill("missing"));
    expect(await copyBackups(source, target, backups)).toMatchObject({ copied: DAYS + 1, failed: 0 });
    expect(proxy.cuts()).toBeGreaterThan(0);
    await expectCopies(target, backups);
  }
  await proxy.close();
  expect(await server.stop()).toBe(0);
});

test("the command goes on after a kill -9, names what is damaged, and copies the rest", async () => {
  const to = join(directory, "by-command");
  await world.run(["init", "--store", to, "--quiet"]);
  const words = ["copy", "--store", from, "--to", to, "--all"];
  await world.run(words, {
    started: (child) => {
      const begun = waitFor("something to arrive", () => bytesOf(to) > 200_000 || child.exitCode !== null);
      void begun.finally(() => child.kill("SIGKILL"));
    },
  });
  const again = await world.records([...words, "tree", "stream"]);
  const { copied, there } = again.at(-1)!;
  expect(copied + there).toBe(DAYS + 1);
  const names = again.slice(0, -1).map(({ type, name }) => `${type} ${name}`);
  expect(names.toSorted()).toEqual(["copy stream", ...Array(DAYS).fill("copy tree")]);
  expect(await world.summary(["check", "--read-data", "--store", to])).toMatchObject({ findings: 0 });
  expect((await world.run(["copy", "tree", "--store", to])).code).toBe(2);
  expect((await world.run(["copy", "--store", from, "--to", to])).code).toBe(2);
  expect((await world.run(["copy", "tree", "--store", from, "--to", from])).stderr).toContain(
    "the store itself",
  );
  expect((await world.run(["copy", "nobody", "--store", from, "--to", to])).code).toBe(4);
});

test("wrong bytes are never copied", async () => {
  const [bad, to] = [join(directory, "bad"), join(directory, "good")];
  cpSync(from, bad, { recursive: true });
  const pack = join(bad, "blobs/blobs-00001");
  const bytes = readFileSync(pack);
  bytes[bytes.indexOf(STREAM)]! ^= 1;
  writeFileSync(pack, bytes);
  await world.run(["init", "--store", to, "--quiet"]);
  const { code, stdout, stderr } = await world.run(["copy", "--all", "--json", "--store", bad, "--to", to]);
  expect([code, parseRecords(stdout).at(-1)]).toMatchObject([5, { copied: DAYS, failed: 1 }]);
  expect(stderr).toContain("here/stream");
  await using target = await openStore(to);
  expect((await listBackups(target)).map(({ name }) => name)).toEqual(Array(DAYS).fill("tree"));
});

test("stores of different hashes do not copy to each other", async () => {
  const to = join(directory, "sha1");
  await world.run(["init", "--store", to, "--hash", "sha1", "--quiet"]);
  const { code, stderr } = await world.run(["copy", "tree", "--store", from, "--to", to]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("different hashes (sha256 and sha1)")]);
});
