/** The scheduler with a database that lives, and its files, as one group; killed in between. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type JsonRecord, openWorld } from "../harness/command.ts";
import { LONG, lane } from "../harness/lanes.ts";
import { startPostgres } from "../harness/postgres.ts";
import { startScheduler } from "../harness/scheduler-process.ts";
import { scratch } from "../harness/scratch.ts";
import { waitFor } from "../harness/wait-for.ts";

const RUNS = LONG ? 10 : 2;

lane("a live PostgreSQL", [{ postgres: 15 }], () => {
  test("is backed up with its files while it is written to, through kills", async () => {
    const directory = scratch("scheduler-postgres");
    const world = openWorld(directory);
    const server = await startPostgres();
    await server.createDatabase("shop");
    await server.psql("shop", "CREATE TABLE item (id bigserial PRIMARY KEY, name text)");
    const uploads = join(directory, "uploads");
    mkdirSync(uploads);
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        await server.psql(
          "shop",
          "INSERT INTO item (name) SELECT md5(i::text) FROM generate_series(1, 50) i",
        );
        writeFileSync(join(uploads, `${i % 10}`), `upload ${i}`);
      }
    })();
    const yaml = `store: store
jobs:
  - name: shop
    sources: [{ database: env:SHOP, pgBin: ${server.bin} }, uploads]
    every: 1s
  - { name: gc, gc: true, every: 5s }
`;
    try {
      for (let life = 0; life < 3; life++) {
        const scheduler = await startScheduler(world, directory, yaml, { SHOP: server.url("shop") });
        await waitFor(
          "backups",
          () =>
            scheduler.of("ended", "shop").filter(({ record }) => record.outcome === "success").length >= RUNS,
          120_000,
        );
        if (life < 2) await scheduler.kill();
        else {
          await waitFor("gc", () => scheduler.of("ended", "gc").some(({ record }) => record.returned >= 0));
          expect(scheduler.of("ended").filter(({ record }) => record.outcome === "failure")).toEqual([]);
          expect(await scheduler.page("/healthz")).toEqual({ status: 200, text: "ok\n" });
          expect(await scheduler.stop()).toBe(0);
        }
      }
    } finally {
      writing = false;
      await writer;
    }
    const store = join(directory, "store");
    const all = (await world.records(["ls", "--store", store])).filter(({ type }) => type === "backup");
    const groups = new Map<string, JsonRecord[]>();
    for (const backup of all) {
      const { group } = backup["meta"].scheduler;
      groups.set(group, [...(groups.get(group) ?? []), backup]);
    }
    const whole = [...groups.values()].filter((group) => group.length === 2);
    expect(whole.length).toBeGreaterThanOrEqual(3 * RUNS);
    for (const group of whole)
      expect(group.map(({ name, source }) => [name, source]).sort()).toEqual([
        ["shop.database", "postgres"],
        ["shop.uploads", "files"],
      ]);
    const said =
      JSON.stringify(all) +
      (await world.run(["scheduler", "--config", join(directory, "scheduler.yaml"), "status"])).stdout;
    expect(said).not.toContain(new URL(server.url("shop")).password);
    const rows =
      (await world.run(["cat", "--store", store, "shop.database:public/item.copy"])).stdout.split("\n")
        .length - 1;
    expect(rows).toBeGreaterThan(0);
    expect(rows % 50).toBe(0);
    await world.summary(["check", "--read-data", "--store", store]);
  });

  test("what a person should know of a backup is said by the run, and nothing of passwords", async () => {
    const directory = scratch("scheduler-warnings");
    const world = openWorld(directory);
    const server = await startPostgres();
    await server.createDatabase("shop");
    await server.psql(
      "shop",
      "CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE sale (id int PRIMARY KEY, item int REFERENCES item)",
    );
    const file = join(directory, "scheduler.yaml");
    writeFileSync(
      file,
      `store: store
jobs:
  - { name: shop, sources: [{ database: env:SHOP, pgBin: ${server.bin}, tables: [sale], name: sales }], every: 1d }
`,
    );
    const run = await world.run(["scheduler", "--config", file, "run", "shop"], {
      env: { SHOP: server.url("shop") },
    });
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain("sales: a foreign key leaves the selection");
    expect(run.stderr).not.toMatch(/password/);
  });
});
