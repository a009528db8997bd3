/**
 * One backup is one moment of the database: while money moves between accounts of several tables, every backup holds the
 * same sum, with any number of jobs; and when nothing moves, the root is the same for every number of jobs.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { keepBusy, type Loop, sumOfRows } from "../harness/busy-database.ts";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { growDatabase, growRoles } from "../harness/grow-database.ts";
import { LONG, lane } from "../harness/lanes.ts";
import { waitFor } from "../harness/wait-for.ts";

const BACKUPS = LONG ? 60 : 20;
const JOBS = [1, 2, 4] as const;
const ACCOUNTS = 4000;
/** What all tables hold together, whatever moves. */
const TOTAL = ACCOUNTS * 4 * 1000;
const LIMIT_MS = LONG ? 1_800_000 : 300_000;

const BANK = `
  CREATE TABLE plain (id int PRIMARY KEY, filler text DEFAULT repeat('x', 60), balance bigint NOT NULL);
  CREATE TABLE by_uuid (id uuid PRIMARY KEY, n int UNIQUE, balance bigint NOT NULL);
  CREATE TABLE heap (n int, balance bigint NOT NULL);
  CREATE INDEX ON heap (n);
  CREATE TABLE parts (id int PRIMARY KEY, balance bigint NOT NULL) PARTITION BY HASH (id);
  CREATE TABLE part_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE part_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE SEQUENCE moves;
  INSERT INTO plain (id, balance) SELECT n, 1000 FROM generate_series(1, ${ACCOUNTS}) AS n;
  INSERT INTO by_uuid SELECT md5(n::text)::uuid, n, 1000 FROM generate_series(1, ${ACCOUNTS}) AS n;
  INSERT INTO heap SELECT n, 1000 FROM generate_series(1, ${ACCOUNTS}) AS n;
  INSERT INTO parts SELECT n, 1000 FROM generate_series(1, ${ACCOUNTS}) AS n;
  CREATE FUNCTION give(kind int, account int, amount int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    CASE kind
      WHEN 0 THEN UPDATE plain SET balance = balance + amount WHERE id = account;
      WHEN 1 THEN UPDATE by_uuid SET balance = balance + amount WHERE n = account;
      WHEN 2 THEN UPDATE heap SET balance = balance + amount WHERE n = account;
      ELSE UPDATE parts SET balance = balance + amount WHERE id = account;
    END CASE; END $$;
  ANALYZE;`;

/** Moves money until it is ended, hundreds of times a second: from any account of any table to any other, a transaction each. */
const WRITER: Loop = {
  work: `
    amount := 1 + random() * 500;
    PERFORM give(floor(random() * 4)::int, 1 + floor(random() * ${ACCOUNTS})::int, -amount);
    PERFORM give(floor(random() * 4)::int, 1 + floor(random() * ${ACCOUNTS})::int, amount);
    PERFORM nextval('moves');`,
  pause: "0.0005",
};

lane("money that moves", [{ postgres: 15 }], () => {
  test(
    "has the same sum in every backup",
    async () => {
      const lab = await openDatabaseWorld("consistent");
      await lab.server.createDatabase("bank");
      await lab.server.psql("bank", BANK);
      const rest = keepBusy(lab.server, "bank", [WRITER]);
      const moves = async (): Promise<number> =>
        Number(await lab.server.psql("bank", "SELECT last_value FROM moves"));
      await waitFor("money to move", async () => (await moves()) > 100);
      for (let i = 0; i < BACKUPS; i++) {
        const jobs = JOBS[i % JOBS.length] as number;
        const before = await moves();
        const { backup } = await lab.backup("bank", "--jobs", String(jobs));
        expect(await moves(), "money moved meanwhile").toBeGreaterThan(before);
        const sum = await sumOfRows(lab.world, lab.store, `${backup}:public`, 4 * ACCOUNTS);
        expect(sum, `backup ${i + 1} with ${jobs} jobs`).toBe(TOTAL);
      }
      await rest();
    },
    LIMIT_MS,
  );
});

/** Large enough that each table is read in several ranges. */
const RANGES = `
  CREATE TABLE by_number (id bigint PRIMARY KEY, t text);
  INSERT INTO by_number SELECT n * 3, md5(n::text) FROM generate_series(1, 150000) AS n;
  CREATE TABLE by_uuid (id uuid PRIMARY KEY, t text);
  INSERT INTO by_uuid SELECT md5(n::text)::uuid, repeat('y', n % 90) FROM generate_series(1, 100000) AS n;
  CREATE TABLE by_text (a text COLLATE "und-x-icu", b int, PRIMARY KEY (a, b));
  INSERT INTO by_text SELECT chr(97 + n % 26) || CASE n % 3 WHEN 0 THEN 'É' ELSE 'e' END || n / 7, n FROM generate_series(1, 100000) AS n;
  CREATE TABLE heap (n int, t text);
  INSERT INTO heap SELECT n, md5(n::text) FROM generate_series(1, 150000) AS n;
  DELETE FROM heap WHERE n % 5 = 0;
  CREATE TABLE skewed (a int, b int, t text, PRIMARY KEY (a, b));
  INSERT INTO skewed SELECT CASE WHEN n < 90000 THEN 1 ELSE n END, n, 'same' FROM generate_series(1, 100000) AS n;
  ANALYZE;`;

lane("jobs", [{ postgres: 15 }], () => {
  test("make no difference: the root is the same, also without a previous backup", async () => {
    const lab = await openDatabaseWorld("jobs");
    await growRoles(lab.server);
    await growDatabase(lab.server, "awkward lab");
    await lab.server.createDatabase("ranges");
    await lab.server.psql("ranges", RANGES);
    for (const database of ["awkward lab", "ranges"]) {
      const roots: string[] = [];
      for (const jobs of LONG ? [1, 3, 4] : [1, 4]) {
        const fresh = { ...lab.world.env, XDG_STATE_HOME: join(lab.directory, `state-${jobs}`) };
        const store = join(lab.directory, `${database}-${jobs}`);
        const words = [`postgres:///${encodeURIComponent(database)}`, "--jobs", String(jobs)];
        const { backup } = await lab.world.summary(["snapshot", "--store", store, ...words], { env: fresh });
        const [shown] = await lab.world.records(["show", "--store", store, backup], { env: fresh });
        roots.push(shown?.["ref"]);
      }
      // Into a store that has one already: ranges begin where its chunks do.
      await lab.backup(database, "--jobs", "2");
      roots.push((await lab.show((await lab.backup(database, "--jobs", "4"))["backup"]))["ref"]);
      expect(new Set(roots).size, `${database}: ${roots.join(" ")}`).toBe(1);
    }
  });
});
