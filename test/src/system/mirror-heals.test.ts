/**
 * Every corruption of the packs of one member of a mirror: it is noticed, everything restores meanwhile, and after a repair each
 * member has everything by itself.
 */
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createStore, rebuildStore } from "@datadb/server";
import {
  type Backup,
  check,
  listBackups,
  mirrorMembers,
  openStore,
  repair,
  restore,
  snapshot,
  syncMirror,
} from "datadb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { CORRUPTIONS, corruptPack } from "../harness/corruptions.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf, seed } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";

const KINDS = ["data", "node", "log"] as const;
/** A second copy of what is there harms nobody. */
const HARMLESS = "duplicated record";

const directory = scratch("mirror-heals");
const source = join(directory, "source");
const random = randomOf("mirror-heals");
/** Of each backup, by id. */
const hashes = new Map<string, string>();
const counts = { cells: 0, noticed: 0, healed: 0 };
const originals = ["first", "second"].map((which) => join(directory, which));

/** The member whose packs are corrupted is `blobs`: the first or the second one. */
function configOf(store: string): string {
  const blobs = "blobsfile: { path: blobs, maxPackBytes: 200000 }";
  const copy = "blobsfile: { path: copy, maxPackBytes: 150000 }";
  const members = store.endsWith("first") ? [blobs, copy] : [copy, blobs];
  return `blobs: { mirror: [ ${members.map((member) => `{ ${member} }`).join(", ")} ] }`;
}

async function takeBackups(): Promise<void> {
  for (const path of originals) {
    await using store = await openStore(path);
    const { backup } = await snapshot(store, [source], { name: "source", jobs: 1 });
    hashes.set(backup as string, await treeHash(source));
  }
}

beforeAll(async () => {
  for (const path of originals) await createStore(path, { config: configOf(path) });
  mkdirSync(join(source, "deep"), { recursive: true });
  for (let at = 0; at < 12; at++) writeFileSync(join(source, "deep", `${at}`), random.bytes(3000));
  writeFileSync(join(source, "large"), random.bytes(300_000));
  await takeBackups();
  writeFileSync(join(source, "deep", "3"), random.bytes(3000));
  await takeBackups();
  writeFileSync(join(source, "deep", "new"), random.bytes(5000));
  await takeBackups();
});

afterAll(() => {
  const line = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  console.info(`corruptions of a mirror's member: ${line.join(", ")} (seed ${seed})`);
});

/** The newest backup, or all of them. */
async function restoresAll(path: string, all = LONG): Promise<void> {
  await using store = await openStore(path, { warn: () => {} });
  const listed = await listBackups(store);
  expect(listed.length).toBeGreaterThanOrEqual(3);
  for (const backup of all ? listed : listed.slice(0, 1)) {
    const target = `${path}-${backup.id.slice(0, 8)}`;
    expect(backup.lost).toEqual([]);
    await restore(store, backup as Backup, "", target, { jobs: 1 });
    expect(await treeHash(target)).toBe(hashes.get(backup.id));
    rmSync(target, { recursive: true, force: true });
  }
}

/** Without the other member, and without what the databases know of both. */
async function restoresFrom(path: string, member: "blobs" | "copy"): Promise<void> {
  const alone = `${path}-${member}`;
  cpSync(path, alone, { recursive: true });
  rmSync(join(alone, member === "blobs" ? "copy" : "blobs"), { recursive: true });
  await rebuildStore(alone, { warn: () => {} });
  await restoresAll(alone);
  rmSync(alone, { recursive: true });
}

/** Each corruption of one kind and one member, which differ from seed to seed; or all of them. */
const cells = KINDS.flatMap((kind, row) =>
  CORRUPTIONS.flatMap((corruption, column) =>
    originals
      .filter(() => LONG || (column + seed) % KINDS.length === row)
      .filter((_, which) => LONG || (row + column + seed) % 2 === which)
      .map((original) => ({
        kind,
        corruption,
        original,
        which: original.endsWith("first") ? "first" : "second",
      })),
  ),
);

describe("a corrupted member", () => {
  test.each(cells)(
    "$kind pack, $corruption, of the $which member",
    async ({ kind, corruption, original }) => {
      counts.cells += 1;
      const path = join(directory, `${kind} ${corruption}`.replaceAll(" ", "-"));
      cpSync(original, path, { recursive: true });
      await corruptPack(path, kind, corruption);
      const said: string[] = [];
      const warn = (text: string): void => void said.push(text);
      await using store = await openStore(path, { warn });
      const found = await check(store, { readData: 100 });
      said.push(...found.findings.map(({ message }) => message), ...found.notes);
      if (corruption !== HARMLESS) expect(said.join("\n")).toMatch(/blobs|nodes-0|log-0|member|packs/);
      if (said.length > 0) counts.noticed += 1;
      const { lost, count } = await repair(store, { readData: 100 });
      expect({ lost, count }).toEqual({ lost: [], count: 0 });
      // What was queued for the member is delivered.
      expect((await syncMirror(store)).map(({ state }) => state)).toEqual(["up", "up"]);
      expect((await check(store, { readData: 100 })).findings).toEqual([]);
      await store.close();
      await restoresFrom(path, "blobs");
      counts.healed += 1;
      rmSync(path, { recursive: true });
    },
  );
});

test("a member that is away blocks and loses nothing, and is given what it missed", async () => {
  const path = join(directory, "away");
  cpSync(originals[0] as string, path, { recursive: true });
  renameSync(join(path, "copy"), join(path, "elsewhere"));
  {
    await using store = await openStore(path, { warn: () => {} });
    writeFileSync(join(source, "while-away"), random.bytes(20_000));
    await snapshot(store, [source], { name: "source", jobs: 1 });
    const [, away] = await mirrorMembers(store);
    expect(away).toMatchObject({ state: "down", records: expect.any(Number) });
    expect(away?.records).toBeGreaterThan(0);
    renameSync(join(path, "elsewhere"), join(path, "copy"));
    expect((await syncMirror(store)).map(({ state }) => state)).toEqual(["up", "up"]);
    expect((await check(store, { readData: 100 })).findings).toEqual([]);
  }
  rmSync(join(path, "blobs"), { recursive: true });
  await using store = await openStore(path, { warn: () => {} });
  const [newest] = await listBackups(store);
  await restore(store, newest as Backup, "", join(directory, "restored"), { jobs: 1 });
  expect(await treeHash(join(directory, "restored"))).toBe(await treeHash(source));
  expect((await syncMirror(store)).map(({ state }) => state)).toEqual(["down", "up"]);
  expect((await syncMirror(store, { refill: "1" })).map(({ state }) => state)).toEqual(["up", "up"]);
  await store.close();
  hashes.set((newest as Backup).id, await treeHash(source));
  await restoresFrom(path, "blobs");
  hashes.delete((newest as Backup).id);
});
