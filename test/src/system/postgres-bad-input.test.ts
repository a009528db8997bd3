/** What goes wrong with databases: a clear error, the right exit code, nothing listed, nothing left. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CommandResult } from "../harness/command.ts";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { expectFailure, type Failure } from "../harness/expect-failure.ts";
import { freePort } from "../harness/free-port.ts";
import { startGatedProxy } from "../harness/gated-proxy.ts";
import { lane } from "../harness/lanes.ts";
import { type Postgres, startPostgres } from "../harness/postgres.ts";
import { serverUser } from "../harness/postgres-programs.ts";
import { mountSmallDisk } from "../harness/small-disk.ts";
import { waitFor } from "../harness/wait-for.ts";

const APP = `
  CREATE TABLE account (id int PRIMARY KEY, t text);
  INSERT INTO account SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 20000) AS n;
  CREATE TABLE later (id int PRIMARY KEY, t text);
  INSERT INTO later SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 20000) AS n;`;
/** In the middle of the first table: more than what the kernel keeps of a connection is behind it. */
const MIDWAY_BYTES = 2_000_000;

lane("a server", [{ postgres: 15 }], () => {
  test("that cannot be reached, that refuses the login, or that has no such database", async () => {
    const lab = await app("login");
    const nobody = { env: { PGPORT: String(await freePort()) } };
    const hosts = (...ports: (number | string)[]): string =>
      `postgres://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/app`;
    const closed = await freePort();
    const failing: [words: string, result: CommandResult, failure: Failure][] = [
      [
        "unreachable",
        await lab.tryBackup("app", [], nobody),
        { exit: 1, code: "DATABASE_UNREACHABLE", names: nobody.env.PGPORT, next: /runs|host|port/ },
      ],
      [
        "password",
        await lab.tryBackup("app", [], { env: { PGPASSWORD: "wrong" } }),
        { exit: 1, code: "DATABASE_LOGIN", names: "admin", next: /password/ },
      ],
      [
        "several hosts, of which the first refuses",
        await lab.tryBackup(hosts(lab.server.port, closed), [], { env: { PGPASSWORD: "wrong" } }),
        { exit: 1, code: "DATABASE_LOGIN", names: `127.0.0.1:${lab.server.port}/app`, next: /password/ },
      ],
      [
        "several hosts, none of which is there",
        await lab.tryBackup(hosts(nobody.env.PGPORT, closed)),
        {
          exit: 1,
          code: "DATABASE_UNREACHABLE",
          names: new RegExp(`${nobody.env.PGPORT}/app.*${closed}/app`),
          next: /runs|host|port/,
        },
      ],
      [
        "missing",
        await lab.tryBackup("nowhere"),
        { exit: 4, code: "DATABASE_MISSING", names: "nowhere", next: /name/ },
      ],
      [
        "option",
        await lab.tryBackup("postgres://127.0.0.1/app?sslmode=sometimes"),
        { exit: 2, names: "sslmode", next: /disable|require|prefer/ },
      ],
    ];
    for (const [what, result, failure] of failing) expectFailure([what], result, failure);
    for (const [, result] of failing) expect(result.stderr).not.toMatch(/wrong|:pw@/);
    await expectNothing(lab);
  });

  test("that is newer than every pg_dump here: the package is named, before any row is read", async () => {
    const lab = await app("old-programs");
    const bin = join(lab.directory, "old");
    mkdirSync(bin);
    for (const program of ["pg_dump", "pg_dumpall", "pg_restore", "psql"]) {
      writeFileSync(join(bin, program), `#!/bin/sh\necho "${program} (PostgreSQL) 12.4"\n`);
      chmodSync(join(bin, program), 0o755);
    }
    const result = await lab.tryBackup("app", ["--pg-bin", bin]);
    expectFailure(["--pg-bin", bin], result, {
      exit: 1,
      code: "PG_PROGRAM_MISSING",
      names: "postgresql-client-15",
      next: /install/,
    });
    expect(result.stderr).toContain("12");
    await expectNothing(lab);
  });

  test("that is killed midway: nothing is listed, and the next backup succeeds", async () => {
    const lab = await app("postmaster");
    const { result } = await midway(lab, () => lab.server.killPostmaster());
    expectFailure(["snapshot"], result, {
      exit: 1,
      code: "DATABASE_UNREACHABLE",
      names: "app",
      next: /server/,
    });
    await lab.server.start();
    await expectNothing(lab);
    await lab.backup("app");
  });
});

lane("a table", [{ postgres: 15 }], () => {
  test.each([
    ["dropped", "DROP TABLE %"],
    ["altered", "ALTER TABLE % ALTER t TYPE varchar(200), ADD more int DEFAULT 1"],
    ["emptied", "TRUNCATE %"],
  ])("that is %s while the other one is read: whole as it was, or a clear error", async (_, statement) => {
    const lab = await app("midway");
    const { result } = await midway(lab, async (reading) => {
      const other = reading === "account" ? "later" : "account";
      // It may wait where the backup holds the table; what counts is that it never spoils it.
      const sql = `SET lock_timeout = '2s'; ${statement.replace("%", other)}`;
      await lab.server.tryPsql("app", sql);
    });
    if (result.code !== 0) {
      expectFailure(["snapshot"], result, {
        exit: 1,
        code: "DATABASE_CHANGED",
        names: /account|later/,
        next: /again/,
      });
      await expectNothing(lab);
      return;
    }
    for (const table of ["account", "later"]) {
      const rows = await lab.world.run(["cat", "--store", lab.store, `app:public/${table}.copy`]);
      expect(rows.stdout.split("\n"), table).toHaveLength(20_001);
    }
  });
});

lane("a restore", [{ postgres: 15 }], () => {
  test("onto objects, with a duplicate key, from what is no database", async () => {
    const lab = await app("targets");
    await lab.backup("app");
    await lab.server.createDatabase("used");
    await lab.server.psql("used", "CREATE TABLE mine (id int); INSERT INTO mine VALUES (1);");
    expectFailure(["used"], await lab.tryRestore("app", "used"), { exit: 1, names: "used", next: /--clean/ });
    expect(await lab.server.psql("used", "SELECT count(*) FROM mine")).toBe("1");

    // Rows alone, into a schema that has some of them.
    await lab.restore("app", "filled");
    const filled = await lab.tryRestore("app", "filled", ["--data-only"]);
    expectFailure(["filled"], filled, { exit: 1, names: /account|later/, next: /./ });
    expect(await lab.server.psql("filled", "SELECT count(*) FROM account")).toBe("20000");

    // Rows that are one key for a table that was made otherwise.
    await lab.server.createDatabase("unique");
    await lab.server.psql(
      "unique",
      `CREATE TABLE account (id int PRIMARY KEY, t text); CREATE TABLE later (id int PRIMARY KEY, t text);
       CREATE UNIQUE INDEX ON account (left(t, 1));`,
    );
    const duplicate = await lab.tryRestore("app", "unique", ["--data-only"]);
    expectFailure(["unique"], duplicate, { exit: 1, names: "duplicate key", next: /server/ });
    expect(duplicate.stderr).toContain("account");
    const left = "SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM later)";
    expect(await lab.server.psql("unique", left)).toBe("0");

    const table = await lab.tryRestore("app:public/account.copy", "filled");
    expectFailure(["table"], table, { exit: 1, names: "account", next: /--rename|--to-schema/ });
    expect(await lab.tryRestore("app:public/nothing.copy", "filled")).toMatchObject({ code: 4 });
    expect(await lab.databases()).toEqual(["app", "filled", "unique", "used"]);
  });

  test("without right to make a database, or with roles and extensions that are missing, writes nothing", async () => {
    const lab = await app("preflight");
    await lab.server.psql("postgres", "CREATE ROLE owner_1; CREATE ROLE plain LOGIN PASSWORD 'p';");
    await lab.server.psql("app", "ALTER TABLE account OWNER TO owner_1; CREATE EXTENSION hstore;");
    await lab.backup("app");
    await lab.server.psql("app", "DROP OWNED BY owner_1; DROP ROLE owner_1;");
    const missing = await lab.tryRestore("app", "copy");
    expectFailure(["copy"], missing, { exit: 1, names: "owner_1", next: /--no-owner|globals/ });
    expect(await lab.databases()).toEqual(["app"]);
    const plain = await lab.tryRestore("app", lab.server.url("copy", { name: "plain", password: "p" }), [
      "--no-owner",
    ]);
    expectFailure(["plain"], plain, { exit: 1, names: /copy|plain/, next: /CREATEDB|grant|create/i });
    await lab.restore("app", "copy", "--no-owner");
    expect(await lab.server.psql("copy", "SELECT count(*) FROM account")).toBe("20000");
  });
});

lane("a full disk", ["root", { postgres: 15 }], () => {
  test("below the restored database: nothing is left of it", async () => {
    const lab = await app("full-disk");
    const other: Postgres = await startPostgres();
    // A tablespace of the same name, with room on one server and none on the other.
    for (const server of [lab.server, other]) {
      const place = join(server.socketDirectory, "small");
      if (server === other) await mountSmallDisk(place, 12 * 1024 * 1024);
      else mkdirSync(place);
      const { ids } = serverUser();
      if (ids !== undefined) chownSync(place, ids.uid, ids.gid);
      await server.psql("postgres", `CREATE TABLESPACE small LOCATION '${place}'`);
    }
    await lab.server.psql("postgres", "ALTER DATABASE app SET TABLESPACE small");
    const { backup } = await lab.backup("app");
    const result = await lab.tryRestore(backup, "copy", [], { env: { ...other.env } });
    expectFailure(["copy"], result, { exit: 1, names: /space|disk/i, next: /./ });
    expect(await other.psql("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate")).toBe(
      "postgres",
    );
  });
});

async function app(label: string): Promise<DatabaseWorld> {
  const lab = await openDatabaseWorld(label);
  await lab.server.createDatabase("app");
  await lab.server.psql("app", APP);
  return lab;
}

/** Runs a backup that is held in the middle of a table, and calls the function with the table's name. */
async function midway(
  lab: DatabaseWorld,
  then: (reading: string) => Promise<void>,
): Promise<{ result: CommandResult }> {
  const proxy = await startGatedProxy(lab.server.socketPath, MIDWAY_BYTES);
  const running = lab.tryBackup("app", ["--jobs", "1"], { env: { PGPORT: String(proxy.port) } });
  await waitFor("a table to be read", () => proxy.isHolding());
  const reading = await waitFor("a table to be read", async () => {
    const sql = `SELECT query FROM pg_stat_activity
      WHERE application_name LIKE 'datadb%' AND state = 'active' AND query LIKE '%COPY%'`;
    const query = await lab.server.psql("app", sql);
    return /account|later/.exec(query)?.[0];
  });
  await then(reading);
  proxy.holdAt(Number.POSITIVE_INFINITY);
  return { result: await running };
}

async function expectNothing(lab: DatabaseWorld): Promise<void> {
  const listed = await lab.world.run(["ls", "--store", lab.store, "--json"]);
  if (listed.code !== 0) expect(listed.stdout).toContain("NO_STORE");
  else expect(listed.stdout).not.toContain('"type":"backup"');
}
