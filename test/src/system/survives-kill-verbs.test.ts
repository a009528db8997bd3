/** kill -9 of every verb that writes, at random moments: the store opens, and what was listed restores. */
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeResult } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { randomOf, seed } from "../harness/random.ts";
import { makeSmallStore } from "../harness/small-store.ts";

const KILLS = LONG ? 25 : 1;

/** Words of each verb, given the id of a backup that may go. */
const VERBS: Record<string, (backup: string) => string[]> = {
  init: () => ["init"],
  snapshot: () => ["snapshot", "photos"],
  tag: (backup) => ["tag", "--add", "kept", backup],
  pin: (backup) => ["pin", backup],
  rm: (backup) => ["rm", "--yes", backup],
  forget: () => ["forget", "--keep-last", "1", "--yes"],
  gc: () => ["gc"],
  rebuild: () => ["rebuild"],
  "check --repair": () => ["check", "--repair"],
};

describe.each(Object.keys(VERBS))("kill -9 of %s", (verb) => {
  test("leaves a store that opens, and everything listed restores", async () => {
    const { world, directory, source, store, backup } = await makeSmallStore(
      `kill-${verb.replaceAll(" ", "-")}`,
    );
    const random = randomOf(`kill ${verb}`);
    writeFileSync(join(source, "more"), random.bytes(200_000));
    const second = await world.summary(["snapshot", "--store", store, source]);
    const expected = await treeHash(source);
    const words = (VERBS[verb] as (id: string) => string[])(backup);
    let killed = 0;
    for (let round = 0; round < KILLS; round++) {
      const copy = join(directory, `copy-${round}`);
      if (verb !== "init") cpSync(store, copy, { recursive: true });
      const result = await world.run([...words, "--store", copy], {
        cwd: directory,
        started: (child) => setTimeout(() => child.kill("SIGKILL"), 50 + random.integer(600)).unref(),
      });
      killed += result.signal === "SIGKILL" ? 1 : 0;
      if (verb === "init") {
        // Whatever was left, the next one makes the store, or finds it made.
        const again = await world.run(["init", "--forget-known", "--store", copy]);
        expect(existsSync(join(copy, "config.yaml")), describeResult(["init"], again)).toBe(true);
        rmSync(copy, { recursive: true });
        continue;
      }
      const checked = await world.run(["check", "--read-data", "--store", copy]);
      expect(checked.code, describeResult(["check"], checked)).toBe(0);
      const listed = await world.records(["ls", "--store", copy]);
      expect(listed.some((record) => record["id"] === second["backup"])).toBe(true);
      const target = join(directory, `restored-${round}`);
      await world.summary(["restore", "--store", copy, second["backup"] as string, target]);
      expect(await treeHash(target)).toBe(expected);
      rmSync(target, { recursive: true });
      await world.summary(["snapshot", "--store", copy, source]);
      rmSync(copy, { recursive: true });
    }
    console.info(`kill -9 of ${verb}: ${killed} of ${KILLS} came in time (seed ${seed})`);
  });
});
