/**
 * Every corruption of every part of a store: it is noticed, it is named, and a repair leaves a store in which everything restores,
 * but for what is listed as lost.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createStore, rebuildStore } from "@datadb/server";
import {
  type Backup,
  check,
  forgetBackups,
  listBackups,
  type OpenStore,
  openStore,
  repair,
  restore,
  snapshot,
} from "datadb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import {
  CORRUPTIONS,
  type Corruption,
  corruptLevel,
  corruptPack,
  recordCounts,
} from "../harness/corruptions.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf, seed } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";

const TARGETS = ["renewed data pack", "data pack", "node pack", "log", "index", "LevelDB"] as const;
type Target = (typeof TARGETS)[number];
/** Files whose chunks a collection has encoded anew: they fill the first pack of data. */
const RENEWED = 10;

/** What a store takes without harm: a second copy of what is there, and databases that are behind the packs and catch up. */
const HARMLESS = new Set<string>([
  "duplicated record of renewed data pack",
  "duplicated record of data pack",
  "duplicated record of node pack",
  "duplicated record of log",
  "stale index of index",
  "stale index of LevelDB",
]);

const directory = scratch("matrix");
const source = join(directory, "source");
const original = join(directory, "store");
/** The store before its last backup. */
const older = join(directory, "older");
/** What each backup restores to, by id: a copy, and the hash of the original. */
const expected = new Map<string, { copy: string; hash: string }>();
const counts = { cells: 0, noticed: 0, named: 0, mended: 0, withLoss: 0, harmless: 0 };

async function takeBackup(): Promise<void> {
  await using store = await openStore(original);
  const { backup } = await snapshot(store, [source], { name: "source", jobs: 1 });
  const copy = join(directory, `copy ${expected.size}`);
  cpSync(source, copy, { recursive: true, preserveTimestamps: true });
  expected.set(backup as string, { copy, hash: await treeHash(source) });
}

/** Backs up three versions of files, forgets those before the last, and has their bases collected: what is left was encoded anew. */
async function takeVersions(random: ReturnType<typeof randomOf>): Promise<void> {
  const versions = join(directory, "versions");
  mkdirSync(versions);
  const files = Array.from({ length: RENEWED }, () => random.bytes(15_000));
  await using store = await openStore(original);
  for (let version = 0; version < 3; version++) {
    for (const [at, content] of files.entries()) {
      random.bytes(10).copy(content, 7000);
      writeFileSync(join(versions, `edited ${at}`), content);
    }
    await snapshot(store, [versions], { name: "versions", jobs: 1 });
  }
  const [newest, ...others] = await listBackups(store);
  await forgetBackups(store, others);
  const summary = ((await store.call("GC", "UNUSED", "0")) as unknown[]).flat().map(String);
  // And the scan cache, where it was a difference: the record in the middle is one of those.
  const detached = Number(summary[summary.indexOf("detached") + 1]);
  expect([RENEWED, RENEWED + 1]).toContain(detached);
  expect(recordCounts(original, "data")).toEqual([RENEWED + 1]);
  expected.set((newest as Backup).id, { copy: versions, hash: await treeHash(versions) });
}

beforeAll(async () => {
  const random = randomOf("matrix");
  await createStore(original, { config: "blobs: { blobsfile: { path: blobs, maxPackBytes: 200000 } }" });
  await takeVersions(random);
  mkdirSync(join(source, "deep"), { recursive: true });
  for (let at = 0; at < 12; at++) writeFileSync(join(source, "deep", `${at}`), random.bytes(3000));
  writeFileSync(join(source, "large"), random.bytes(300_000));
  await takeBackup();
  writeFileSync(join(source, "deep", "3"), random.bytes(3000));
  await takeBackup();
  cpSync(original, older, { recursive: true });
  writeFileSync(join(source, "deep", "new"), random.bytes(5000));
  await takeBackup();
});

afterAll(() => {
  const line = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  console.info(`corruption matrix: ${line.join(", ")} (seed ${seed})`);
});

async function corrupt(store: string, target: Target, corruption: Corruption): Promise<void> {
  if (target === "index") return corruptLevel(join(store, "local"), corruption, join(older, "local"));
  if (target === "LevelDB") return corruptLevel(join(store, "meta"), corruption, join(older, "meta"));
  const kind = target.endsWith("data pack") ? "data" : target === "node pack" ? "node" : "log";
  await corruptPack(store, kind, corruption, target === "data pack" ? 1 : 0);
}

interface Heard {
  /** Errors, warnings and findings: all that a person would see. */
  said: string[];
}

async function open(
  path: string,
  heard: Heard,
  options: { repair?: boolean } = {},
): Promise<OpenStore | null> {
  try {
    return await openStore(path, { ...options, warn: (text) => heard.said.push(text) });
  } catch (error) {
    const { message, next = "" } = error as Error & { next?: string };
    heard.said.push(`${message}; ${next}`);
    return null;
  }
}

/** Opens, checks, and repairs, by rebuilding where that is what the messages say. */
async function mend(path: string, heard: Heard): Promise<{ lost: Map<string, string[]> }> {
  const store = await open(path, heard);
  if (store !== null) {
    const { findings, notes } = await check(store, { readData: 100 });
    // A part of the log that a checkpoint has replaced does no harm any more: that is a note.
    heard.said.push(
      ...notes,
      ...findings.map(({ message, affected }) => `${message} ${JSON.stringify(affected ?? [])}`),
    );
    await store.close();
  }
  let repairing = await open(path, { said: [] }, { repair: true });
  if (repairing === null) {
    await rebuildStore(path, { warn: (text) => heard.said.push(text) });
    repairing = (await open(path, heard, { repair: true })) as OpenStore;
  }
  let result = await repair(repairing, { readData: 100 });
  await repairing.close();
  if (result.findings.some(({ what }) => what === "keyspace")) {
    await rebuildStore(path, { warn: () => {} });
    await using again = (await open(path, heard)) as OpenStore;
    result = await repair(again, { readData: 100 });
  }
  return { lost: new Map(result.lost.map(({ backup, paths }) => [backup.id, paths])) };
}

/** Files whose content is not the same, by path from the top. */
function differing(left: string, right: string): string[] {
  return readdirSync(left, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return [];
    const path = relative(left, join(entry.parentPath, entry.name));
    const other = join(right, path);
    const same = existsSync(other) && readFileSync(other).equals(readFileSync(join(left, path)));
    return same ? [] : [`/${path}`];
  });
}

function isLost(file: string, lost: readonly string[]): boolean {
  return lost.some((path) => path === "/" || file === path || file.startsWith(`${path}/`));
}

/** Everything restores exactly, but for the paths that are listed as lost; of what lost nothing one backup in turn, or all. */
async function restoresAll(path: string, lost: ReadonlyMap<string, string[]>): Promise<void> {
  await using store = (await open(path, { said: [] })) as OpenStore;
  const listed = await listBackups(store);
  expect(listed.map(({ id }) => id).sort()).toEqual([...expected.keys()].sort());
  const drawn = listed[counts.cells % listed.length];
  for (const backup of listed) {
    const target = `${path}-${backup.id.slice(0, 8)}`;
    const missing = lost.get(backup.id) ?? [];
    expect(backup.lost).toEqual(missing);
    const { copy, hash } = expected.get(backup.id) as { copy: string; hash: string };
    if (!LONG && missing.length === 0 && backup !== drawn) continue;
    // Without its root nothing of a backup can be found.
    if (!missing.includes("/")) await restore(store, backup as Backup, "", target, { jobs: 1 });
    if (missing.length === 0) expect(await treeHash(target)).toBe(hash);
    else expect(differing(copy, target).filter((file) => !isLost(file, missing))).toEqual([]);
    rmSync(target, { recursive: true, force: true });
  }
}

describe.each(TARGETS)("%s", (target) => {
  // Data packs take turns, unless all are wanted.
  const isTried = (at: number): boolean =>
    LONG || !target.endsWith("data pack") || (at + seed + Number(target === "data pack")) % 2 === 0;
  test.each(CORRUPTIONS.filter((_, at) => isTried(at)))("%s", async (corruption) => {
    counts.cells += 1;
    const path = join(directory, `${target} ${corruption}`.replaceAll(" ", "-"));
    cpSync(original, path, { recursive: true });
    await corrupt(path, target, corruption);
    const heard: Heard = { said: [] };
    const { lost } = await mend(path, heard);
    if (HARMLESS.has(`${corruption} of ${target}`)) counts.harmless += 1;
    else {
      expect(heard.said, "it is noticed").not.toEqual([]);
      counts.noticed += 1;
      expect(heard.said.join("\n")).toMatch(/(blobs|nodes|log)-0000\d|[0-9a-f]{64}|meta|local/);
      counts.named += 1;
    }
    await restoresAll(path, lost);
    counts[lost.size > 0 ? "withLoss" : "mended"] += 1;
    await using store = (await open(path, { said: [] })) as OpenStore;
    if (lost.size === 0) expect((await check(store)).findings).toEqual([]);
    // The next backup is whole, whatever was lost.
    const { backup } = await snapshot(store, [source], { name: "source", jobs: 1 });
    const target2 = `${path}-next`;
    const [newest] = (await listBackups(store)).filter(({ id }) => id === backup);
    await restore(store, newest as Backup, "", target2, { jobs: 1 });
    expect(await treeHash(target2)).toBe(await treeHash(source));
    await store.close();
    rmSync(path, { recursive: true });
  });
});
