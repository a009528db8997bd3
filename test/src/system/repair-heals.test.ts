/** What check --repair takes from where it was backed up: files of this machine, live tables. The rest is listed, and nothing is deleted. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeResult, type JsonRecord, openWorld, parseRecords, type World } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { damageLargestRecord } from "../harness/corruptions.ts";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { lane } from "../harness/lanes.ts";
import { scratch } from "../harness/scratch.ts";

/** The records of a check of all content that ends with this code. */
async function check(world: World, store: string, code: number, ...more: string[]): Promise<JsonRecord[]> {
  const words = ["check", "--read-data", ...more, "--store", store, "--json"];
  const result = await world.run(words);
  expect(result.code, describeResult(words, result)).toBe(code);
  return parseRecords(result.stdout);
}

const ofType = (records: readonly JsonRecord[], wanted: string): JsonRecord[] =>
  records.filter(({ type }) => type === wanted);

test("a damaged base names every backup that needs it; what a file still has comes back, the rest is listed", async () => {
  const directory = scratch("repair-base");
  const world = openWorld(directory);
  const [store, source] = [join(directory, "store"), join(directory, "tables")];
  mkdirSync(source);
  const days: string[] = [];
  for (const day of ["one", "two", "three"]) {
    const rows = Array.from({ length: 500 }, (_, row) => `${row}\t${row === 250 ? day : row ** 3}\n`);
    writeFileSync(join(source, "table"), rows.join(""));
    days.push((await world.summary(["snapshot", "--store", store, source]))["backup"]);
  }
  expect((await world.summary(["stats", "--store", store]))["zstdDeltaRecords"]).toBeGreaterThan(1);
  // The first day's content, on which that of the others is kept.
  damageLargestRecord(store, "data");

  const found = ofType(await check(world, store, 5), "finding");
  expect(found.map(({ what }) => what)).toContain("needs-damaged");
  const named = found.flatMap(({ affected }) => (affected ?? []) as { backup: string }[]);
  expect(new Set(named.map(({ backup }) => backup))).toEqual(new Set(days));

  const lost = ofType(await check(world, store, 5, "--repair"), "lost");
  expect(new Set(lost.map(({ backup }) => backup))).toEqual(new Set(days.slice(0, 2)));
  expect(readdirSync(join(store, "blobs", "damaged")).length).toBeGreaterThan(0);
  await world.summary(["restore", "--store", store, days[2] as string, join(directory, "newest")]);
  expect(await treeHash(join(directory, "newest"))).toBe(await treeHash(source));
  const [shown] = await world.records(["show", days[0] as string, "--store", store]);
  expect(shown?.["lost"]).toEqual(["/table"]);
  expect((await world.run(["show", days[0] as string, "--store", store])).stdout).toMatch(/^lost +\/table$/m);
});

test("a lost scan cache is told, and marks nothing: every backup restores without, and the next ones trust what is there", async () => {
  const directory = scratch("repair-cache");
  const world = openWorld(directory);
  const [store, source] = [join(directory, "store"), join(directory, "empty files")];
  mkdirSync(source);
  for (let file = 0; file < 500; file++) writeFileSync(join(source, `file ${file}`), "");
  const before = await treeHash(source);
  const { backup } = await world.summary(["snapshot", "--store", store, source]);
  // What is here now has another one.
  writeFileSync(join(source, "new"), "");
  damageLargestRecord(store, "data");
  await check(world, store, 5);

  const repaired = await check(world, store, 0, "--repair");
  expect(repaired.at(-1)).toMatchObject({ type: "summary", findings: 0, healed: 1 });
  expect(ofType(repaired, "lost")).toEqual([]);
  const note = `the scan cache of backup ${(backup as string).slice(0, 8)} is gone: all of it restores without`;
  for (const records of [repaired, await check(world, store, 0)])
    expect(ofType(records, "note").map(({ message }) => message)).toContain(note);
  expect(readdirSync(join(store, "blobs", "damaged"))).toHaveLength(1);
  const [shown] = await world.records(["show", backup as string, "--store", store]);
  expect(shown).not.toHaveProperty("lost");
  await world.summary(["restore", "--store", store, backup as string, join(directory, "back")]);
  expect(await treeHash(join(directory, "back"))).toBe(before);
});

lane("live tables", [{ postgres: 15 }], () => {
  test("give back what a backup of them has lost; what has changed there since is listed", async () => {
    const { world, server, store, backup, restore } = await openDatabaseWorld("repair-tables");
    const content =
      "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM one AS t WHERE id > 100";
    await server.createDatabase("shop");
    await server.psql(
      "shop",
      `CREATE TABLE one (id int PRIMARY KEY, t text);
       INSERT INTO one SELECT n, md5(n::text) || md5((n + 1)::text) FROM generate_series(1, 30000) AS n;`,
    );
    const before = await server.psql("shop", content);
    // A selection has a series of its own: it is selected again.
    const { backup: some } = await backup("shop", "--table", "one", "--where", "one=id > 100");
    damageLargestRecord(store, "data");
    const found = ofType(await check(world, store, 5), "finding");
    expect(found[0]?.["affected"]).toMatchObject([
      { backup: some, places: [{ path: "/public/one.copy", fromRow: expect.any(Number) }] },
    ]);
    const repaired = await check(world, store, 0, "--repair");
    expect(repaired.at(-1)).toMatchObject({ type: "summary", findings: 0, healed: 1 });
    await restore(some, "copy");
    expect(await server.psql("copy", content)).toBe(before);

    const { backup: all } = await backup("shop");
    damageLargestRecord(store, "data");
    await server.psql("shop", "UPDATE one SET t = reverse(t)");
    const lost = ofType(await check(world, store, 5, "--repair"), "lost");
    expect(lost.map((one) => one["backup"])).toContain(all);
    for (const { paths } of lost) expect(paths).toEqual(["/public/one.copy"]);
  });
});
