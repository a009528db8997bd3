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
});
