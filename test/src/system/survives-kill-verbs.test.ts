/** kill -9 of every verb that writes, at random moments: the store opens, and what was listed restores. */
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Backup, check, listBackups, openStore, restore, snapshot } from "datadb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeResult } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf, seed } from "../harness/random.ts";
import {
  complete,
  openWritingWorld,
  type PreparedStore,
  WRITING_VERBS,
  type WritingVerb,
  type WritingWorld,
} from "../harness/writing-verbs.ts";

const KILLS = LONG ? 25 : 1;
/** Milliseconds that no command is faster than: before that it has not begun to write. */
const STARTS = 60;

let writing: WritingWorld;
const counts = { kills: 0, tooLate: 0 };

beforeAll(async () => {
  writing = await openWritingWorld("kill-verbs", 200_000);
});

afterAll(() => console.info(`kill -9 of verbs: ${JSON.stringify(counts)} (seed ${seed})`));

/** Kills within the time that the command took when it was last left alone. */
function killer(label: string): (words: readonly string[]) => Promise<void> {
  const random = randomOf(`kill ${label}`);
  let longest = 450;
  return async (words) => {
    const result = await writing.world.run(words, {
      cwd: writing.directory,
      started: (child) =>
        setTimeout(() => child.kill("SIGKILL"), STARTS + random.integer(longest - STARTS)).unref(),
    });
    counts.kills += 1;
    if (result.signal === "SIGKILL") return;
    counts.tooLate += 1;
    longest = Math.max(STARTS + 10, Math.min(longest, result.elapsed));
  };
}

/** All is right, and the next backup succeeds. */
async function staysSound(path: string, { kept, hash }: PreparedStore): Promise<void> {
  await using store = await openStore(path, { warn: () => {} });
  expect((await check(store, { readData: 100 })).findings).toEqual([]);
  const backup = (await listBackups(store)).find(({ id }) => id === kept) as Backup;
  const target = `${path} restored`;
  await restore(store, backup, "", target);
  expect(await treeHash(target)).toBe(hash);
  rmSync(target, { recursive: true });
  await snapshot(store, [writing.source], { name: "next" });
}

describe.each(Object.entries(WRITING_VERBS))("kill -9 of %s", (name, verb: WritingVerb) => {
  test("leaves a store that opens, and everything listed restores", async () => {
    const original = await writing.store(verb.kind);
    // Its words name it.
    if (verb.kind === "target") await writing.store("plain");
    const kill = killer(name);
    for (let round = 0; round < KILLS; round++) {
      const copy = join(writing.directory, `copy ${name} ${round}`);
      cpSync(original.path, copy, { recursive: true });
      verb.before?.(copy);
      const words = [...verb.words(writing, original), verb.place ?? "--store", copy];
      await kill(words);
      // The next run completes what was begun.
      await complete(writing.world, verb, words);
      await staysSound(copy, original);
      rmSync(copy, { recursive: true });
    }
  });
});

test("kill -9 of init leaves nothing, or a store", async () => {
  const { world, directory } = writing;
  const kill = killer("init");
  for (let round = 0; round < KILLS; round++) {
    const store = join(directory, `new ${round}`);
    await kill(["init", "--store", store]);
    // Whatever was left, the next one makes the store, or finds it made.
    const again = await world.run(["init", "--forget-known", "--store", store]);
    expect(existsSync(join(store, "config.yaml")), describeResult(["init"], again)).toBe(true);
    await world.summary(["snapshot", "--store", store, join(writing.source, "later")]);
  }
});

test("kill -9 of key export leaves no file, or one that is whole", async () => {
  const { world, directory, store, exportedKeys } = writing;
  const { path } = await store("encrypted");
  const kill = killer("key export");
  const wanted = readFileSync(exportedKeys);
  for (let round = 0; round < KILLS; round++) {
    const file = join(directory, `exported ${round}`);
    await kill(["key", "export", file, "--store", path]);
    if (existsSync(file)) expect(readFileSync(file).equals(wanted)).toBe(true);
    else await world.summary(["key", "export", file, "--store", path]);
  }
});
