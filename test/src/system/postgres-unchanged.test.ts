/** An unchanged database costs next to nothing, wherever its rows lie: after CLUSTER, VACUUM FULL, ANALYZE, dump and restore. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { growDatabase, growRoles } from "../harness/grow-database.ts";
import { lane } from "../harness/lanes.ts";
import { mustRun } from "../harness/run-program.ts";

/** What an unchanged database may add to the store. */
const LEAST_BYTES = 16 * 1024;

/** Rows in an order of the heap that is not that of the key, with holes. */
const SHOP = `
  CREATE TABLE customer (id bigint PRIMARY KEY, name text, born date);
  INSERT INTO customer SELECT (n * 7919) % 100003, md5(n::text), date '1950-01-01' + n % 20000 FROM generate_series(1, 100002) AS n;
  CREATE INDEX by_name ON customer (name);
  CREATE TABLE item (id uuid PRIMARY KEY, customer bigint REFERENCES customer, amount numeric(10, 2));
  INSERT INTO item SELECT md5(n::text)::uuid, 1 + n % 100000, n / 3.0 FROM generate_series(1, 100000) AS n;
  UPDATE customer SET born = born + 1 WHERE id % 3 = 0;
  DELETE FROM item WHERE amount > 30000;
  CREATE TABLE entry (id int, at date, t text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
  CREATE TABLE entry_2023 PARTITION OF entry FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
  CREATE TABLE entry_2024 PARTITION OF entry FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  INSERT INTO entry SELECT n, date '2023-01-01' + (n * 37) % 730, 'entry ' || n FROM generate_series(1, 50000) AS n;
  CREATE TABLE word (t text COLLATE "und-x-icu" PRIMARY KEY);
  INSERT INTO word SELECT md5(n::text) FROM generate_series(1, 20000) AS n;`;

/** One that is read with others, one that is summed up, and one that is divided. */
const RESIZED = `
  CREATE TABLE small (id int PRIMARY KEY, t text);
  INSERT INTO small SELECT n, md5(n::text) FROM generate_series(1, 3000) AS n;
  CREATE TABLE summed (id int PRIMARY KEY, t text);
  INSERT INTO summed SELECT n, repeat(md5(n::text), 5) FROM generate_series(1, 60000) AS n;
  CREATE TABLE divided (id int PRIMARY KEY, t text);
  INSERT INTO divided SELECT n, repeat(md5(n::text), 5) FROM generate_series(1, 180000) AS n;`;

/** What makes the chunks of a table far too small or too large. */
const RESIZINGS = {
  "rows that became short": "UPDATE small SET t = ''; UPDATE summed SET t = ''; UPDATE divided SET t = ''",
  "rows that became long": "UPDATE small SET t = repeat(md5(t), 30)",
  "first rows that are not like the others": "UPDATE summed SET t = repeat('long', 200) WHERE id < 2000",
  "long rows before all others": ["small", "summed", "divided"]
    .map(
      (table) =>
        `INSERT INTO ${table} SELECT -n, repeat(md5(n::text), 12000) FROM generate_series(1, 3) AS n`,
    )
    .join(";"),
  "no rows": "DELETE FROM small; DELETE FROM divided",
};

lane("an unchanged database", [{ postgres: 15 }], () => {
  test("adds less than 16 KiB, also after CLUSTER, VACUUM FULL, ANALYZE, dump and restore elsewhere", async () => {
    const lab = await openDatabaseWorld("unchanged");
    await lab.server.createDatabase("shop");
    await lab.server.psql("shop", SHOP);
    const { root, bytes: whole } = await grown(lab, "shop");
    expect(whole).toBeGreaterThan(1_000_000);
    const steps: Record<string, () => Promise<unknown>> = {
      nothing: async () => undefined,
      ANALYZE: () => lab.server.psql("shop", "ANALYZE"),
      CLUSTER: () => lab.server.psql("shop", "CLUSTER customer USING by_name; CLUSTER item USING item_pkey"),
      "VACUUM FULL": () => lab.server.psql("shop", "VACUUM FULL"),
      REINDEX: () => lab.server.psql("shop", "REINDEX DATABASE shop"),
      "dump and restore": () => dumpAndRestore(lab, "shop"),
    };
    for (const [step, run] of Object.entries(steps)) {
      await run();
      const after = await grown(lab, "shop");
      expect(after.bytes, step).toBeLessThan(LEAST_BYTES);
      // CLUSTER is remembered in the definitions: the root changes once.
      if (["nothing", "ANALYZE"].includes(step)) expect(after.root, step).toBe(root);
    }
  });

  test("of every awkward thing adds less than 16 KiB, also after dump and restore", async () => {
    const lab = await openDatabaseWorld("unchanged-awkward");
    await growRoles(lab.server);
    await growDatabase(lab.server, "lab");
    const { root } = await grown(lab, "lab");
    const again = await grown(lab, "lab");
    expect(again).toMatchObject({ root });
    expect(again.bytes).toBeLessThan(LEAST_BYTES);
    await lab.server.psql(
      "lab",
      "SET statement_timeout = 0; SET default_transaction_read_only = off;\nVACUUM FULL;",
    );
    const rewritten = await grown(lab, "lab");
    expect(rewritten).toMatchObject({ root });
    expect(rewritten.bytes).toBeLessThan(LEAST_BYTES);
  });

  test("of rows that have become other ones adds less than 16 KiB", async () => {
    const lab = await openDatabaseWorld("unchanged-resized");
    await lab.server.createDatabase("resized");
    await lab.server.psql("resized", RESIZED);
    await grown(lab, "resized");
    let jobs = 1;
    for (const [what, sql] of Object.entries(RESIZINGS)) {
      await lab.server.psql("resized", sql);
      const { root } = await grown(lab, "resized", "--jobs", `${jobs}`);
      jobs = 3 - jobs;
      const after = await grown(lab, "resized", "--jobs", `${jobs}`);
      expect(after.root, what).toBe(root);
      expect(after.bytes, what).toBeLessThan(LEAST_BYTES);
    }
  });
});

/** Backs it up, and says by how much the store grew. */
async function grown(
  lab: DatabaseWorld,
  database: string,
  ...options: string[]
): Promise<{ root: string; bytes: number }> {
  const { backup } = await lab.backup(database, ...options);
  const bytes = await lab.storedBytes();
  const before = storedBefore.get(lab.store) ?? 0;
  storedBefore.set(lab.store, bytes);
  return { root: (await lab.show(backup))["ref"], bytes: bytes - before };
}

/** Bytes of each store after its newest backup. */
const storedBefore = new Map<string, number>();

/** The database is replaced by a copy that pg_dump and pg_restore made. */
async function dumpAndRestore(lab: DatabaseWorld, database: string): Promise<void> {
  const { server } = lab;
  const file = join(lab.directory, `${database}.dump`);
  const PGOPTIONS = "-c statement_timeout=0";
  const options = { env: { PATH: process.env["PATH"], PGOPTIONS, ...server.env } };
  await mustRun(join(server.bin, "pg_dump"), ["-Fc", "-f", file, database], options);
  await server.createDatabase("elsewhere");
  await mustRun(join(server.bin, "pg_restore"), ["-d", "elsewhere", file], options);
  const renames = `DROP DATABASE "${database}"; ALTER DATABASE elsewhere RENAME TO "${database}";`;
  for (const statement of renames.split(";").slice(0, 2)) await server.psql("postgres", statement);
}
