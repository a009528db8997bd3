/** The disk under the store is full, or becomes so at any moment of any verb that writes: nothing is lost, and room can be made. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Backup, check, listBackups, openStore, restore } from "datadb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeResult } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { LONG, lane } from "../harness/lanes.ts";
import { randomOf, seed } from "../harness/random.ts";
import { leaveFree, mountSmallDisk } from "../harness/small-disk.ts";
import {
  complete,
  openWritingWorld,
  type PreparedStore,
  WRITING_VERBS,
  type WritingVerb,
  type WritingWorld,
} from "../harness/writing-verbs.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Sizes that are tried for each verb. */
const STEPS = LONG ? 30 : 1;
/** Larger than what any of the verbs writes, with what is kept free. */
const MOST_FREE = 8 * MIB;
const NEXT = /space|disk|room/;

/** Some of them, which differ from seed to seed; or all. */
const TRIED = Object.entries(WRITING_VERBS).filter((_, at) => LONG || (at + seed) % 3 === 0);

let writing: WritingWorld;
const counts = { sizes: 0, full: 0 };

/** Room can be made, and all that was there restores. */
async function staysSound(
  verb: WritingVerb,
  words: readonly string[],
  path: string,
  { kept, hash, victim }: PreparedStore,
  disk: string,
): Promise<void> {
  const { world } = writing;
  const at = ["--store", path];
  // Without its keys nothing can be done but to bring them back.
  if (verb.closed) {
    await leaveFree(disk, 64 * MIB);
    await complete(world, verb, words);
  }
  await world.run(["rm", "--yes", ...at, victim]);
  await world.summary(["gc", ...at]);
  const target = join(writing.directory, "restored");
  {
    await using store = await openStore(path, { warn: () => {} });
    const listed = await listBackups(store);
    expect(listed.map(({ id }) => id)).not.toContain(victim);
    await restore(store, listed.find(({ id }) => id === kept) as Backup, "", target);
  }
  expect(await treeHash(target)).toBe(hash);
  rmSync(target, { recursive: true });
  await leaveFree(disk, 64 * MIB);
  await complete(world, verb, words);
  await using store = await openStore(path);
  expect((await check(store, { readData: 100 })).findings).toEqual([]);
}

lane("a disk that fills up", ["root"], () => {
  beforeAll(async () => {
    writing = await openWritingWorld("full-verbs");
  });

  afterAll(() =>
    console.info(`full disk during verbs: ${counts.sizes} sizes, ${counts.full} ended by it (seed ${seed})`),
  );

  describe.each(TRIED)("during %s", (name, verb: WritingVerb) => {
    test("says so, loses nothing, and lets room be made", async () => {
      const { world, directory } = writing;
      const original = await writing.store(verb.kind);
      const random = randomOf(`full ${name}`);
      const disk = join(directory, `disk ${name.replaceAll(" ", "")}`);
      await mountSmallDisk(disk, 96 * MIB);
      for (let step = 0; step < STEPS; step++) {
        // Small ones above all: there the verbs differ.
        const free = random.chance(0.5) ? random.integer(64) * 4 * KIB : random.integer(MOST_FREE);
        const copy = join(disk, "store");
        cpSync(original.path, copy, { recursive: true });
        verb.before?.(copy);
        await leaveFree(disk, free);
        const words = [...verb.words(writing, original), verb.place ?? "--store", copy];
        const line = [...words, "--json"];
        const result = await world.run(line);
        counts.sizes += 1;
        const what = `${free} bytes free, seed ${seed}; ${describeResult(line, result)}`;
        if (result.code !== 0) {
          counts.full += 1;
          expect(verb.always, what).toBeFalsy();
          if (verb.says === undefined)
            expectFailure(line, result, { exit: 1, code: "DISK_FULL", names: disk, next: NEXT });
          else expect(result.stdout, what).toMatch(verb.says);
        }
        await staysSound(verb, words, copy, original, disk);
        rmSync(copy, { recursive: true });
      }
    });
  });

  test("during init, a store is made or it is not", async () => {
    const { world, directory } = writing;
    const disk = join(directory, "disk init");
    await mountSmallDisk(disk, 96 * MIB);
    for (let pages = 0; pages < (LONG ? 24 : 3); pages++) {
      const store = join(disk, "store");
      await leaveFree(disk, pages * 4 * KIB);
      const words = ["init", "--forget-known", "--store", store, "--json"];
      const result = await world.run(words);
      if (result.code !== 0)
        expectFailure(words, result, { exit: 1, code: "DISK_FULL", names: disk, next: NEXT });
      expect(existsSync(join(store, "config.yaml"))).toBe(result.code === 0);
      await leaveFree(disk, 64 * MIB);
      if (result.code !== 0) await world.summary(words.slice(0, -1));
      await world.summary(["check", "--store", store]);
      for (const left of readdirSync(disk)) rmSync(join(disk, left), { recursive: true });
    }
  });

  test("key export leaves the whole file, or none", async () => {
    const { world, directory, exportedKeys, store } = writing;
    const { path } = await store("encrypted");
    const disk = join(directory, "disk export");
    await mountSmallDisk(disk, 96 * MIB);
    writeFileSync(join(disk, "filler"), "");
    await leaveFree(disk, 0);
    writeFileSync(join(disk, "filler"), "It takes the one page that there is.");
    const words = ["key", "export", join(disk, "exported"), "--store", path, "--json"];
    expectFailure(words, await world.run(words), { exit: 1, code: "DISK_FULL", names: disk, next: NEXT });
    expect(readdirSync(disk)).toEqual(["filler"]);
    await leaveFree(disk, MIB);
    await world.summary(words.slice(0, -1));
    expect(readFileSync(join(disk, "exported"))).toEqual(readFileSync(exportedKeys));
  });
});
