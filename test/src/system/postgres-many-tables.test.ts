/**
 * Many small tables are read in groups, over two sessions of one thread: while money moves between them and somebody locks one after another,
 * each first backup holds the same sum; when nothing moves, the root is the same over any number of sessions.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { keepBusy, type Loop, sumOfRows } from "../harness/busy-database.ts";
import type { JsonRecord } from "../harness/command.ts";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { LONG, lane } from "../harness/lanes.ts";

const BACKUPS = LONG ? 40 : 4;
const TABLES = 300;
const ACCOUNTS = 5;
const REFILLED = 50;
const ROWS = TABLES * ACCOUNTS + REFILLED;
const TOTAL = TABLES * ACCOUNTS * 1000;

const BANK = `
  DO $$ BEGIN FOR i IN 1..${TABLES} LOOP
    EXECUTE format('CREATE TABLE bank_%s (id int PRIMARY KEY, filler text, balance bigint NOT NULL)', i);
    EXECUTE format('INSERT INTO bank_%s SELECT n, repeat(''x'', (n * %s) %% 700), 1000 FROM generate_series(1, ${ACCOUNTS}) AS n', i, i);
  END LOOP; END $$;
  CREATE TABLE refilled (id int PRIMARY KEY, balance bigint);
  INSERT INTO refilled SELECT n, 0 FROM generate_series(1, ${REFILLED}) AS n;
  CREATE FUNCTION give(amount int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('UPDATE bank_%s SET balance = balance + $1 WHERE id = $2', 1 + floor(random() * ${TABLES})::int)
      USING amount, 1 + floor(random() * ${ACCOUNTS})::int;
  END $$;
  ANALYZE;`;

const WRITER: Loop = {
  work: `
    amount := 1 + random() * 500;
    PERFORM give(-amount);
    PERFORM give(amount);`,
  pause: "0.0005",
};

/** Whoever waits for such a lock lets nobody new read the table. */
const LOCKER: Loop = {
  work: `EXECUTE format('LOCK TABLE bank_%s IN ACCESS EXCLUSIVE MODE', 1 + floor(random() * ${TABLES})::int);`,
  pause: "0.002",
};

/** What a snapshot shows of a table that was emptied after it was taken is nothing. */
const REFILLER: Loop = {
  work: `
    TRUNCATE refilled;
    INSERT INTO refilled SELECT n, 0 FROM generate_series(1, ${REFILLED}) AS n;`,
  pause: "random() * 0.4",
};

/** A first backup, into a store of its own. */
async function firstBackup(lab: DatabaseWorld, name: string, ...words: string[]): Promise<JsonRecord> {
  return await lab.world.summary([
    "snapshot",
    "--store",
    join(lab.directory, name),
    "postgres:///bank",
    ...words,
  ]);
}

lane("many small tables", [{ postgres: 15 }], () => {
  test(
    "are one moment of the database, and the same over any number of sessions",
    async () => {
      const lab = await openDatabaseWorld("many-tables");
      await lab.server.createDatabase("bank");
      await lab.server.psql("bank", BANK);
      const rest = keepBusy(lab.server, "bank", [WRITER, LOCKER, LOCKER, REFILLER]);
      for (let i = 0; i < BACKUPS; i++) {
        await firstBackup(lab, `moving-${i}`);
        const store = join(lab.directory, `moving-${i}`);
        expect(await sumOfRows(lab.world, store, "bank:public", ROWS), `backup ${i + 1}`).toBe(TOTAL);
      }
      await rest();

      const roots = new Set<string>();
      for (const jobs of [[], ["--jobs", "1"], ["--jobs", "2"]]) {
        const store = `quiet${jobs.join("")}`;
        const { backup } = await firstBackup(lab, store, ...jobs);
        const [shown] = await lab.world.records(["show", "--store", join(lab.directory, store), backup]);
        roots.add(shown?.["ref"]);
      }
      expect([...roots]).toHaveLength(1);
    },
    LONG ? 1_800_000 : 300_000,
  );

  test("come in the order of their keys, wherever their rows lie", async () => {
    const lab = await openDatabaseWorld("lying-tables");
    await lab.server.createDatabase("lying");
    await lab.server.psql("lying", LYING);
    const orders = {
      ...Object.fromEntries(LYING_TABLES.map((name) => [name, "id"])),
      second: "id",
      pair: "a, b",
    };
    const first = await lab.backup("lying");
    await lab.server.psql("postgres", "ALTER DATABASE lying SET log_statement = 'all'");
    for (const change of [
      "",
      "UPDATE shuffled SET t = t || '!' WHERE id % 3 = 0; DELETE FROM huge WHERE id % 5 = 0;",
    ]) {
      if (change !== "") await lab.server.psql("lying", change);
      const { backup } = change === "" ? first : await lab.backup("lying");
      for (const [table, order] of Object.entries(orders)) {
        const { stdout } = await lab.world.run([
          "cat",
          "--store",
          lab.store,
          `${backup}:public/${table}.copy`,
        ]);
        const sql = `COPY (SELECT ${table === "computed" ? "id, t" : "*"} FROM ONLY ${table} ORDER BY ${order}) TO STDOUT`;
        expect(stdout.replace(/\n$/, "") === (await lab.server.psql("lying", sql)), table).toBe(true);
      }
    }
    // What was too long to be sorted is not asked for as it lies any more.
    const asked = lab.server.said();
    expect(asked).toContain('COPY "public"."shuffled" (');
    expect(asked).toContain('FROM ONLY "public"."packed" AS t ORDER BY');
    expect(asked).not.toContain('COPY "public"."packed" (');
    await lab.restore("lying", "lying_copy");
    await lab.server.psql("lying", "VACUUM FULL; CLUSTER shuffled USING shuffled_pkey;");
    const { entries } = await lab.backup("lying");
    expect(entries["changed"]).toBeLessThanOrEqual(2);
  });
});

const LYING_TABLES = [
  "rising",
  "shuffled",
  "falling",
  "huge",
  "packed",
  "long",
  "one",
  "none",
  "computed",
  "dropped",
];

/**
 * Keys in every order, few rows and many, and rows that are a hundred times as long as what they take on disk. The tables that are read last are
 * read alone: others, larger ones, come after these.
 */
const LYING = `
  CREATE TABLE rising (id int PRIMARY KEY, t text); INSERT INTO rising SELECT n, md5(n::text) FROM generate_series(1, 1500) AS n;
  CREATE TABLE shuffled (id int PRIMARY KEY, t text);
  INSERT INTO shuffled SELECT (n * 7919) % 2003, E'a\\nb\\t' || n FROM generate_series(1, 2000) AS n;
  CREATE TABLE falling (id smallint PRIMARY KEY, t text);
  INSERT INTO falling SELECT -n, repeat('x', n % 90) FROM generate_series(-700, 700) AS n;
  CREATE TABLE huge (id bigint PRIMARY KEY, t text);
  INSERT INTO huge SELECT (n % 2 * 2 - 1) * (9223372036854775807 - n * 4611686018), 'huge ' || n FROM generate_series(0, 300) AS n;
  CREATE TABLE packed (id int PRIMARY KEY, t text); INSERT INTO packed SELECT -n, repeat(n::text, 200000) FROM generate_series(1, 9) AS n;
  CREATE TABLE long (id int PRIMARY KEY, t text); INSERT INTO long VALUES (2, 'b'), (1, repeat('long', 400000)), (3, NULL);
  CREATE TABLE one (id int PRIMARY KEY); INSERT INTO one VALUES (0);
  CREATE TABLE none (id int PRIMARY KEY, t text);
  CREATE TABLE computed (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, t text);
  INSERT INTO computed (id, t) SELECT 100 - n, 'row ' || n FROM generate_series(1, 50) AS n;
  CREATE TABLE dropped (gone text, id int PRIMARY KEY, t text); INSERT INTO dropped SELECT 'x', 9 - n, n FROM generate_series(1, 9) AS n;
  ALTER TABLE dropped DROP COLUMN gone;
  CREATE TABLE second (t text, id int PRIMARY KEY); INSERT INTO second SELECT n, 9 - n FROM generate_series(1, 9) AS n;
  CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b)); INSERT INTO pair SELECT 9 - n % 3, 9 - n FROM generate_series(1, 9) AS n;
  CREATE TABLE heir (u int) INHERITS (rising); INSERT INTO heir VALUES (5, 'heir', 1);
  UPDATE rising SET t = upper(t) WHERE id % 7 = 0;
  DO $$ BEGIN FOR i IN 1..60 LOOP
    EXECUTE format('CREATE TABLE after_%s (id int PRIMARY KEY, t text); ALTER TABLE after_%s ALTER t SET STORAGE EXTERNAL', i, i);
    EXECUTE format('INSERT INTO after_%s VALUES (1, repeat(''x'', 200000))', i);
  END LOOP; END $$;`;
