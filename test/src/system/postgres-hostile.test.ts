/** Databases whose owner means harm, and others who are in the way at the wrong moment: nothing is given away, nothing is lost. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { startGatedProxy } from "../harness/gated-proxy.ts";
import { lane } from "../harness/lanes.ts";
import { waitFor } from "../harness/wait-for.ts";

const APP = `
  CREATE TABLE account (id int PRIMARY KEY, t text);
  INSERT INTO account SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 20000) AS n;`;

/** Functions and an operator in the place of the server's, which write a file at the server when a superuser calls them. */
const traps = (file: string): string => `
  CREATE SCHEMA traps; GRANT USAGE ON SCHEMA traps TO PUBLIC;
  CREATE FUNCTION traps.spring() RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN COPY (SELECT 1) TO '${file}'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
  CREATE FUNCTION traps.current_setting(text) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM traps.spring(); RETURN pg_catalog.current_setting($1); END $$;
  CREATE FUNCTION traps.set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM traps.spring(); RETURN pg_catalog.set_config($1, $2, $3); END $$;
  CREATE FUNCTION traps.less(int, int) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN PERFORM traps.spring(); RETURN $1 OPERATOR(pg_catalog.<) $2; END $$;
  CREATE OPERATOR traps.< (LEFTARG = int, RIGHTARG = int, FUNCTION = traps.less);
  CREATE TABLE traps.bait (id int PRIMARY KEY);
  INSERT INTO traps.bait VALUES (1), (2), (3);
  ALTER DATABASE app SET search_path = traps, pg_catalog;`;

lane("an owner who means harm", [{ postgres: 15 }], () => {
  test("has no function and no operator of his called by a superuser who backs up or restores", async () => {
    const lab = await openDatabaseWorld("traps");
    await lab.server.psql("postgres", "CREATE ROLE mallory LOGIN PASSWORD 'm'");
    await lab.server.createDatabase("app", "OWNER mallory");
    const file = join(lab.server.socketDirectory, "sprung");
    await lab.server.psql("app", traps(file), { env: { PGUSER: "mallory", PGPASSWORD: "m" } });
    const whole = await lab.backup("app");
    expect(existsSync(file)).toBe(false);
    const chosen = await lab.backup("app", "--where", "bait=id < 3", "--name", "chosen");
    expect(existsSync(file)).toBe(false);
    await lab.restore(`${chosen["backup"]}:traps/bait`, "app", "--rename", "again");
    await lab.restore(whole["backup"], "app", "--clean", "--yes");
    expect(existsSync(file)).toBe(false);
    // The traps are good ones.
    await lab.server.psql("app", "SELECT id < 3 FROM bait");
    expect(existsSync(file)).toBe(true);
  });
});

lane("somebody who looks into a database that is being restored", [{ postgres: 15 }], () => {
  test.each(["that is new", "that was there"])("%s is sent away at the end", async (what) => {
    const lab = await app("visitor");
    await lab.backup("app");
    if (what !== "that is new") await lab.server.createDatabase("copy");
    const restoring = lab.tryRestore("app", "copy");
    const name = await waitFor("the unfinished database", async () =>
      (await lab.databases()).find((one) => one.startsWith("datadb_")),
    );
    const visit = lab.server.tryPsql(name, "SELECT pg_sleep(1000)");
    expect(await restoring).toMatchObject({ code: 0 });
    expect((await visit).code).not.toBe(0);
    expect(await lab.databases()).toEqual(["app", "copy"]);
  });

  test("that it replaces is waited for, and named", async () => {
    const lab = await app("replaced");
    await lab.backup("app");
    await lab.server.createDatabase("copy");
    await lab.server.psql("copy", "CREATE TABLE old (id int)");
    const restoring = lab.tryRestore("app", "copy", ["--clean", "--yes"]);
    await waitFor("the unfinished database", async () =>
      (await lab.databases()).some((one) => one.startsWith("datadb_")),
    );
    const visit = lab.server.tryPsql("copy", "SET application_name = 'clerk'; SELECT pg_sleep(6.5)");
    const result = await restoring;
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toMatch(/copy by session \d+ \(admin, application clerk\)/);
    expect((await visit).code).toBe(0);
    expect(await lab.server.psql("copy", "SELECT to_regclass('old') IS NULL, count(*) FROM account")).toBe(
      "t|20000",
    );
    expect(await lab.databases()).toEqual(["app", "copy"]);
  });
});

lane("a limit of connections", [{ postgres: 15 }], () => {
  test("of the role or the database is kept: fewer sessions read", async () => {
    const lab = await app("limits");
    for (const table of ["two", "three", "four"])
      await lab.server.psql(
        "app",
        `CREATE TABLE ${table} AS SELECT a.* FROM account a, generate_series(1, 6)`,
      );
    await lab.server.psql(
      "postgres",
      "CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT pg_read_all_data TO reader",
    );
    const url = lab.server.url("app", { name: "reader", password: "r" });
    await lab.backup(url);
    for (const limited of ["ROLE reader", "DATABASE app"]) {
      // Two that look after it, one that reads, pg_dump and pg_dumpall.
      await lab.server.psql("postgres", `ALTER ${limited} CONNECTION LIMIT 5`);
      const running = lab.backup(url, "--read-all").then((): true => true);
      let most = 0;
      for (let seen: number | true = 0; seen !== true; seen = await Promise.race([running, reading(lab)]))
        most = Math.max(most, seen);
      expect(most).toBe(1);
      await lab.server.psql("postgres", `ALTER ${limited} CONNECTION LIMIT -1`);
    }
  });
});

/** How many sessions read rows now. */
async function reading(lab: DatabaseWorld): Promise<number> {
  const sql =
    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader' AND query LIKE '%COPY (SELECT t.%'";
  return Number(await lab.server.psql("postgres", sql));
}

lane("a session that only waits", [{ postgres: 15 }], () => {
  test.each(["that is new", "that was there"])(
    "and is ended, does not cost the restore of a database %s",
    async (what) => {
      const lab = await app("ended-restore");
      await lab.backup("app");
      if (what !== "that is new") await lab.server.createDatabase("copy");
      const restoring = lab.tryRestore("app", "copy");
      await waitFor("the rows to be loaded", () =>
        endSessions(lab, "datname = 'postgres'", "datname LIKE 'datadb%'"),
      );
      expect(await restoring).toMatchObject({ code: 0 });
      expect(await lab.databases()).toEqual(["app", "copy"]);
      expect(await lab.server.psql("copy", "SELECT count(*) FROM account")).toBe("20000");
      expect(
        await lab.server.psql("postgres", `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'`),
      ).toBe("0");
    },
  );

  test("and holds the snapshot: the backup says why it cannot go on", async () => {
    const lab = await app("ended-backup");
    await lab.server.psql(
      "app",
      `CREATE TABLE later (id int PRIMARY KEY, t text);
       INSERT INTO later SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 20000) AS n`,
    );
    const proxy = await startGatedProxy(lab.server.socketPath, 2_000_000);
    const holding = waitFor("rows to be read", () => proxy.isHolding()).then(async () => {
      await endSessions(lab, "query LIKE '%SAVEPOINT%' AND query NOT LIKE '%COPY%'");
      proxy.holdAt(Number.POSITIVE_INFINITY);
    });
    const words = ["--jobs", "1"];
    const result = await lab.tryBackup("app", words, { env: { PGPORT: String(proxy.port) } });
    await holding;
    expectFailure(words, result, {
      exit: 1,
      code: "DATABASE_UNREACHABLE",
      names: "administrator command; it was the session that held the snapshot",
      next: /server/,
    });
    expect(await lab.listed().catch(() => [])).toEqual([]);
  });
});

/** Ends sessions of datadb, when there are others of it as well; tells whether it did. */
async function endSessions(lab: DatabaseWorld, which: string, beside = "true"): Promise<boolean> {
  const ours = "application_name LIKE 'datadb%'";
  const ended = await lab.server.psql(
    "postgres",
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE ${ours} AND ${which} AND EXISTS (SELECT 1 FROM pg_stat_activity WHERE ${ours} AND ${beside})`,
  );
  return ended !== "";
}

lane("a lock that no session holds", [{ postgres: 15 }, { postgres: 17 }], () => {
  test.each([15, 17] as const)("is told with the name of the prepared transaction (%i)", async (version) => {
    const lab = await openDatabaseWorld("prepared", {
      version,
      settings: { max_prepared_transactions: "2" },
    });
    await lab.server.createDatabase("app");
    await lab.server.psql("app", APP);
    await lab.server.psql("app", "BEGIN; ALTER TABLE account ADD x int; PREPARE TRANSACTION 'half done'");
    const words = ["--lock-timeout", "1s"];
    const result = await lab.tryBackup("app", words);
    const names = /account is locked by the prepared transaction 'half done' \(admin\)/;
    expectFailure(words, result, { exit: 1, code: "DATABASE_BUSY", names, next: /--lock-timeout/ });
  });
});

async function app(label: string): Promise<DatabaseWorld> {
  const lab = await openDatabaseWorld(label);
  await lab.server.createDatabase("app");
  await lab.server.psql("app", APP);
  return lab;
}
