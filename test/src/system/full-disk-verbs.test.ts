/** The disk under the store is full, or becomes so at any moment of any verb that writes: nothing is lost, and room can be made. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { describeResult } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { LONG, lane } from "../harness/lanes.ts";
import { randomOf, seed } from "../harness/random.ts";
import { leaveFree, mountSmallDisk } from "../harness/small-disk.ts";
import { makeSmallStore, type SmallStore } from "../harness/small-store.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Sizes that are tried for each verb. */
const STEPS = LONG ? 30 : 1;
/** Larger than what any of the verbs writes, with what is kept free. */
const MOST_FREE = 8 * MIB;
const NEXT = /space|disk|room/;

/** What a collection copies at once must have room in what is kept free. */
const SMALL_PACKS = "blobs: { blobsfile: { path: blobs, maxPackBytes: 1000000 } }\n";

interface Verb {
  words: (small: Prepared) => string[];
  /** It makes room itself, or writes so little that it never fails. */
  always?: boolean;
  /** What is done to the copy of the store before. */
  before?: (store: string) => void;
}

interface Prepared extends SmallStore {
  /** A backup that may go. */
  victim: string;
  /** The hash of what `backup` is of. */
  hash: string;
}

/** Spoils the header of the first pack of nodes: something to repair that costs nothing but a new index. */
function damageHeader(store: string): void {
  const pack = join(store, "blobs", "nodes-00001");
  const bytes = readFileSync(pack);
  bytes[20]! ^= 1;
  writeFileSync(pack, bytes);
}

const VERBS: Record<string, Verb> = {
  snapshot: { words: ({ source }) => ["snapshot", source] },
  tag: { words: ({ backup }) => ["tag", "--add", "kept", backup] },
  pin: { words: ({ backup }) => ["pin", backup] },
  rm: { words: ({ victim }) => ["rm", "--yes", victim], always: true },
  forget: { words: () => ["forget", "--keep-last", "1", "--yes"], always: true },
  gc: { words: () => ["gc"], always: true },
  rebuild: { words: () => ["rebuild"] },
  "check --repair": { words: () => ["check", "--repair"], before: damageHeader },
};

/** Half of them, which differ from seed to seed; or all. */
const TRIED = Object.entries(VERBS).filter((_, at) => LONG || (at + seed) % 2 === 0);

let small: Prepared;
const counts = { sizes: 0, full: 0 };

/** A store with two backups, and with garbage; `source` has changed since. */
async function prepare(): Promise<Prepared> {
  const made = await makeSmallStore("full-verbs", SMALL_PACKS);
  const { world, directory, source, store } = made;
  const hash = await treeHash(source);
  const random = randomOf("full-verbs content");
  const other = join(directory, "other");
  cpSync(source, other, { recursive: true });
  writeFileSync(join(other, "noise"), random.bytes(MIB));
  const victim = (await world.summary(["snapshot", "--store", store, other]))["backup"] as string;
  writeFileSync(join(other, "noise"), random.bytes(MIB));
  const garbage = (await world.summary(["snapshot", "--store", store, other]))["backup"] as string;
  await world.summary(["rm", "--yes", "--store", store, garbage]);
  for (let at = 0; at < 3; at++) writeFileSync(join(source, `more ${at}`), random.bytes(MIB));
  return { ...made, victim, hash };
}

/** Room can be made, and all that was there restores. */
async function staysSound(store: string, disk: string, label: string): Promise<void> {
  const { world, directory, backup, victim, hash } = small;
  const listed = await world.records(["ls", "--store", store]);
  expect(listed.map(({ id }) => id)).toContain(backup);
  if (listed.some(({ id }) => id === victim)) await world.summary(["rm", "--yes", "--store", store, victim]);
  await world.summary(["gc", "--store", store]);
  const target = join(directory, label);
  await world.summary(["restore", "--store", store, backup, target]);
  expect(await treeHash(target)).toBe(hash);
  rmSync(target, { recursive: true });
  await leaveFree(disk, 64 * MIB);
  const checked = await world.run(["check", "--read-data", "--store", store]);
  expect(checked.code, describeResult(["check"], checked)).toBe(0);
}

lane("a disk that fills up", ["root"], () => {
  beforeAll(async () => {
    small = await prepare();
  });

  describe.each(TRIED)("during %s", (name, { words, always, before }) => {
    test("says so, loses nothing, and lets room be made", async () => {
      const { world, directory, store } = small;
      const random = randomOf(`full ${name}`);
      const disk = join(directory, `disk ${name.replaceAll(" ", "")}`);
      await mountSmallDisk(disk, 96 * MIB);
      for (let step = 0; step < STEPS; step++) {
        // Small ones above all: there the verbs differ.
        const free = random.chance(0.5) ? random.integer(64) * 4 * KIB : random.integer(MOST_FREE);
        const copy = join(disk, "store");
        cpSync(store, copy, { recursive: true });
        before?.(copy);
        await leaveFree(disk, free);
        const line = [...words(small), "--store", copy, "--json"];
        const result = await world.run(line);
        counts.sizes += 1;
        const what = `${free} bytes free, seed ${seed}; ${describeResult(line, result)}`;
        if (result.code !== 0) {
          counts.full += 1;
          expect(always, what).toBeFalsy();
          expectFailure(line, result, { exit: 1, code: "DISK_FULL", names: disk, next: NEXT });
        }
        await staysSound(copy, disk, `restored ${name} ${step}`);
        rmSync(copy, { recursive: true });
      }
      console.info(
        `full disk during verbs: ${counts.sizes} sizes, ${counts.full} ended by it (seed ${seed})`,
      );
    });
  });

  test("during init, a store is made or it is not", async () => {
    const { world, directory } = small;
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
});
