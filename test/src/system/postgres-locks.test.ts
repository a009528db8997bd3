/** What others may do while a backup runs: an ALTER TABLE waits only while its own table is read. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { startGatedProxy } from "../harness/gated-proxy.ts";
import { lane } from "../harness/lanes.ts";
import { waitFor } from "../harness/wait-for.ts";

const TABLES = ["first", "second", "third"] as const;
const ROWS = 20_000;
/** A table's rows as text: several times what the kernel keeps of a connection. */
const TABLE_BYTES = ROWS * 262;
const THREE_TABLES = TABLES.map(
  (name) => `
  CREATE TABLE ${name} (id int PRIMARY KEY, t text);
  INSERT INTO ${name} SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, ${ROWS}) AS n;`,
).join("");

lane("ALTER TABLE during a backup", [{ postgres: 15 }], () => {
  test("waits only while its own table is read", async () => {
    const lab = await openDatabaseWorld("locks");
    await lab.server.createDatabase("app");
    await lab.server.psql("app", THREE_TABLES);
    // In the middle of the second table.
    const proxy = await startGatedProxy(lab.server.socketPath, 1.5 * TABLE_BYTES);
    let running = true;
    const environment = { env: { PGPORT: String(proxy.port) } };
    const backup = lab.tryBackup("app", ["--jobs", "1"], environment).then((result) => {
      running = false;
      return result;
    });
    await waitFor("the second table to be read", () => proxy.isHolding());
    // Which table is read when is the backup's matter: it is watched.
    const current = await waitFor("a table to be read", () => tableBeingRead(lab));
    // What was read is given back, what is to be read is held; pg_dump's own locks go with it.
    const locked = await waitFor("the first table's lock to go", async () => {
      const names = await lockedTables(lab);
      return names.length === 2 ? names : null;
    });
    const done = TABLES.find((name) => !locked.includes(name)) as string;
    await lab.server.psql("app", `ALTER TABLE ${done} ADD COLUMN more int`);
    const waiting = lab.server.psql("app", `ALTER TABLE ${current} ADD COLUMN more int`);
    await waitFor("ALTER TABLE to wait", () => isWaiting(lab, current));
    // In the middle of the third one.
    proxy.holdAt(2.5 * TABLE_BYTES);
    await waiting;
    expect(running, `${current} was given back when it was read`).toBe(true);
    proxy.holdAt(Number.POSITIVE_INFINITY);
    const result = await backup;
    expect(result.code, result.stderr).toBe(0);
    // The backup is of the moment before all that.
    const { stdout } = await lab.world.run(["cat", "--store", lab.store, "app:schema/pre-data.sql"]);
    expect(stdout).not.toContain("more integer");
    for (const table of TABLES) {
      const rows = await lab.world.run(["cat", "--store", lab.store, `app:public/${table}.copy`]);
      expect(rows.stdout.split("\n")).toHaveLength(ROWS + 1);
    }
  });

  test("that came first: the backup waits no longer than --lock-timeout, and names who holds the lock", async () => {
    const lab = await openDatabaseWorld("blocked");
    await lab.server.createDatabase("app");
    await lab.server.psql("app", THREE_TABLES);
    const { blocker, pid } = await lockSecond(lab);
    const words = ["--lock-timeout", "1s"];
    const result = await lab.tryBackup("app", words);
    expectFailure(["snapshot", ...words], result, {
      exit: 1,
      code: "DATABASE_BUSY",
      names: "second",
      next: /--lock-timeout/,
    });
    expect(result.stderr).toMatch(new RegExp(`\\b${pid}\\b`));
    expect(result.stderr).toContain("migration");
    expect(result.elapsed).toBeLessThan(20_000);
    expect(await lab.listed().catch(() => [])).toEqual([]);
    // Given up in time, it waits and succeeds.
    const patient = lab.tryBackup("app", ["--lock-timeout", "60s"]);
    await waitFor("the backup to wait", () => isWaiting(lab, "second"));
    await lab.server.psql("app", `SELECT pg_terminate_backend(${pid})`);
    await blocker;
    expect((await patient).code).toBe(0);
  });

  test("that keeps pg_dump waiting: the error, and each warning before, names who holds the lock", async () => {
    const lab = await openDatabaseWorld("blocked-dump");
    await lab.server.createDatabase("app");
    await lab.server.psql("app", "CREATE TABLE second (id int)");
    const { blocker, pid } = await lockSecond(lab);
    // Without rows to read, only pg_dump wants a lock.
    const words = ["--schema-only", "--lock-timeout", "3s"];
    const result = await lab.tryBackup("app", words);
    expectFailure(["snapshot", ...words], result, {
      exit: 1,
      code: "DATABASE_BUSY",
      names: "pg_dump",
      next: /--lock-timeout/,
    });
    expect(result.stderr).toMatch(new RegExp(`second is locked by session ${pid} .*migration`));
    expect(await lab.listed().catch(() => [])).toEqual([]);
    await lab.server.psql("app", `SELECT pg_terminate_backend(${pid})`);
    await blocker;
    expect((await lab.tryBackup("app", words)).code).toBe(0);
  });

  test("of a table that --where joins waits for the end: emptied, it would choose no rows", async () => {
    const lab = await openDatabaseWorld("joined");
    await lab.server.createDatabase("app");
    await lab.server.psql(
      "app",
      `${THREE_TABLES} CREATE TABLE chosen (id int); INSERT INTO chosen VALUES (1), (2), (7)`,
    );
    const proxy = await startGatedProxy(lab.server.socketPath, TABLE_BYTES / 2);
    const selected = TABLES.flatMap((name) => ["--table", name]);
    const words = [...selected, "--jobs", "1", "--where", "third=INNER JOIN chosen c ON c.id = t.id"];
    const running = lab.tryBackup("app", words, { env: { PGPORT: String(proxy.port) } });
    await waitFor("the first table to be read", () => proxy.isHolding());
    const emptied = await lab.server.tryPsql("app", "SET lock_timeout = '1s'; TRUNCATE chosen");
    expect(emptied.stderr).toContain("lock timeout");
    proxy.holdAt(Number.POSITIVE_INFINITY);
    const result = await running;
    expect(result.code, result.stderr).toBe(0);
    const { stdout } = await lab.world.run(["cat", "--store", lab.store, "app:public/third.copy"]);
    expect(stdout.match(/^\d+/gm)).toEqual(["1", "2", "7"]);
    await lab.server.psql("app", "TRUNCATE chosen");
  });

  test("of a view, whose definition pg_dump waits for, is waited for no longer, and named", async () => {
    const lab = await openDatabaseWorld("blocked-view");
    await lab.server.createDatabase("app");
    await lab.server.psql("app", "CREATE TABLE second (id int); CREATE VIEW seconds AS TABLE second");
    const migration = lab.server.tryPsql(
      "app",
      "BEGIN; ALTER VIEW seconds RENAME TO minutes; SELECT 'migration', pg_sleep(600)",
    );
    const sleeping = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    const pid = await waitFor("the migration", async () => (await lab.server.psql("app", sleeping)) || null);
    const words = ["--lock-timeout", "2s"];
    const result = await lab.tryBackup("app", words);
    expectFailure(["snapshot", ...words], result, {
      exit: 1,
      code: "DATABASE_BUSY",
      names: "pg_dump",
      next: /--lock-timeout/,
    });
    expect(result.stderr).toMatch(new RegExp(`seconds is locked by session ${pid} .*migration`));
    await lab.server.psql("app", `SELECT pg_terminate_backend(${pid})`);
    await migration;
    expect((await lab.tryBackup("app", words)).code).toBe(0);
  });

  test("that comes between the reading of a small table and pg_dump: the backup begins anew, and has one name for a column", async () => {
    const lab = await openDatabaseWorld("renamed");
    await lab.server.createDatabase("app");
    await lab.server.psql(
      "app",
      "CREATE TABLE small (id int PRIMARY KEY, a int CHECK (a > 0)); CREATE INDEX ON small (a); CREATE TABLE gone (id int)",
    );
    const bin = join(lab.directory, "bin");
    await mkdir(bin);
    const real = lab.server.bin;
    for (const name of ["pg_dumpall", "pg_restore"]) await symlink(join(real, name), join(bin, name));
    const sql = ["ALTER TABLE small RENAME a TO b", "DROP TABLE gone"];
    const change = sql.map((one) => `"${real}/psql" -qc '${one}' app`).join("; ");
    const first = `mkdir "${bin}/changed" 2>/dev/null`;
    await writeFile(
      join(bin, "pg_dump"),
      `#!/bin/sh\ncase "$*" in *--schema-only*) ${first} && { ${change}; } >&2;; esac\nexec "${real}/pg_dump" "$@"\n`,
      { mode: 0o755 },
    );
    const result = await lab.tryBackup("app", ["--pg-bin", bin]);
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toContain("trying again");
    await lab.restore("app", "restored");
    const check =
      "SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'small'::regclass AND contype = 'c'";
    expect(await lab.server.psql("restored", check)).toBe("small|CHECK ((b > 0))");
  });

  test("that waits behind a backup ended by kill -9 goes on at once", async () => {
    const lab = await openDatabaseWorld("orphan");
    await lab.server.createDatabase("app");
    await lab.server.psql("app", THREE_TABLES);
    const proxy = await startGatedProxy(lab.server.socketPath, TABLE_BYTES / 2);
    const result = await lab.tryBackup("app", ["--jobs", "1"], {
      env: { PGPORT: String(proxy.port) },
      started: (child) => {
        void waitFor("a table to be read", () => proxy.isHolding()).then(() => child.kill("SIGKILL"));
      },
    });
    expect(result.signal).toBe("SIGKILL");
    for (const table of TABLES) await lab.server.psql("app", `ALTER TABLE ${table} ADD COLUMN more int`);
    await waitFor("its sessions to end", async () => {
      const sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'datadb%'";
      return (await lab.server.psql("postgres", sql)) === "0";
    });
  });
});

/** The table that a session of datadb copies now. */
async function tableBeingRead(lab: DatabaseWorld): Promise<string | null> {
  const sql = `SELECT query FROM pg_stat_activity
    WHERE application_name LIKE 'datadb%' AND state = 'active' AND query LIKE '%COPY%'`;
  const query = await lab.server.psql("app", sql);
  return TABLES.find((name) => query.includes(name)) ?? null;
}

/** Tables on which sessions of datadb have a lock. */
async function lockedTables(lab: DatabaseWorld): Promise<string[]> {
  const sql = `SELECT DISTINCT relname FROM pg_locks JOIN pg_stat_activity USING (pid) JOIN pg_class ON pg_class.oid = relation
    WHERE granted AND application_name LIKE 'datadb%' AND relname IN ('first', 'second', 'third')`;
  return (await lab.server.psql("app", sql)).split("\n");
}

async function isWaiting(lab: DatabaseWorld, table: string): Promise<boolean> {
  const sql = `SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '${table}'::regclass`;
  return Number(await lab.server.psql("app", sql)) > 0;
}

/** Somebody holds the lock of the table `second`; resolves when he has it. */
async function lockSecond(lab: DatabaseWorld) {
  const blocker = lab.server.tryPsql(
    "app",
    "SET application_name = 'migration'; BEGIN; LOCK TABLE second; SELECT pg_sleep(1000);",
  );
  const pid = await waitFor("the lock", async () => {
    const sql = "SELECT pid FROM pg_locks WHERE relation = 'second'::regclass AND granted";
    return (await lab.server.psql("app", sql)) || null;
  });
  return { blocker, pid };
}
