/** Who may back up, and from where: roles that may only read, one that may not, a standby; and no sort spills to disk. */
import { expect, test } from "vitest";
import type { JsonRecord } from "../harness/command.ts";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { LONG, lane } from "../harness/lanes.ts";
import { startStandby } from "../harness/postgres-standby.ts";

const MIXED = `
  CREATE TABLE public.free (id int PRIMARY KEY, t text);
  INSERT INTO public.free SELECT n, 'row ' || n FROM generate_series(1, 1000) AS n;
  CREATE SCHEMA closed;
  CREATE TABLE closed.secret (id int PRIMARY KEY);
  INSERT INTO closed.secret VALUES (1), (2);
  CREATE SEQUENCE closed.numbers;
  CREATE TABLE guarded (id int PRIMARY KEY, owner text);
  INSERT INTO guarded VALUES (1, 'me'), (2, 'you');
  CREATE MATERIALIZED VIEW seen AS SELECT * FROM public.free;`;
const ROLES = `
  CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT pg_read_all_data TO reader;
  CREATE ROLE granted LOGIN PASSWORD 'g';
  CREATE ROLE nobody LOGIN PASSWORD 'n';`;

lane("a role", [{ postgres: 15 }], () => {
  test.each(["reader", "granted"])("%s, which may only read, makes the same backup", async (name) => {
    const lab = await mixed(name);
    if (name === "granted") {
      await lab.server.psql(
        "app",
        `GRANT USAGE ON SCHEMA closed TO granted; GRANT SELECT ON ALL TABLES IN SCHEMA public, closed TO granted;
         GRANT SELECT ON ALL SEQUENCES IN SCHEMA closed TO granted;`,
      );
    }
    const own = await roots(lab, await lab.backup("app"));
    const url = lab.server.url("app", { name, password: name.charAt(0) });
    const summary = await lab.backup(url, "--name", "other");
    expect(await roots(lab, summary)).toEqual(own);
    const path = `${summary["backup"]}:globals.sql`;
    const globals = (await lab.world.run(["cat", "--store", lab.store, path])).stdout;
    expect(globals).toContain("CREATE ROLE reader");
    // pg_read_all_data reads hashes of passwords too.
    if (name === "granted") expect(globals).not.toContain("SCRAM-SHA-256");
    await lab.restore(summary["backup"], "copy");
    expect(await lab.server.psql("copy", "SELECT count(*) FROM public.free")).toBe("1000");
  });

  test("that may not read a table fails before any row is read, and names it", async () => {
    const lab = await mixed("nobody");
    const url = lab.server.url("app", { name: "nobody", password: "n" });
    const words = ["snapshot", url];
    const result = await lab.tryBackup(url);
    expectFailure(words, result, {
      exit: 1,
      code: "DATABASE_FORBIDDEN",
      names: "secret",
      next: /pg_read_all_data|grant/i,
    });
    expect(result.stderr, "all of them at once").toMatch(/free/);
    expect(await lab.listed().catch(() => [])).toEqual([]);
  });

  test("that lacks several rights is told of all at once", async () => {
    const lab = await openDatabaseWorld("several");
    await lab.server.psql("postgres", ROLES);
    await lab.server.createDatabase("app");
    await lab.server.psql(
      "app",
      `CREATE TABLE closed (i int); CREATE SEQUENCE s; CREATE TABLE guarded (i int); GRANT SELECT ON guarded TO nobody;
       ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; SELECT lo_from_bytea(77, 'x')`,
    );
    const url = lab.server.url("app", { name: "nobody", password: "n" });
    const result = await lab.tryBackup(url);
    const next = /LARGE OBJECT.*BYPASSRLS/;
    expectFailure([url], result, { exit: 1, code: "DATABASE_FORBIDDEN", names: "public.closed", next });
    for (const name of ["sequence public.s", "large object 77", "rows of public.guarded"])
      expect(result.stderr).toContain(name);
  });

  test("that may not read a sequence alone is told so, and not to leave a table out", async () => {
    const lab = await openDatabaseWorld("sequence");
    await lab.server.psql("postgres", ROLES);
    await lab.server.createDatabase("app");
    await lab.server.psql("app", "CREATE TABLE t (i int); CREATE SEQUENCE s; GRANT SELECT ON t TO nobody");
    const url = lab.server.url("app", { name: "nobody", password: "n" });
    const result = await lab.tryBackup(url);
    const names = "sequence public.s";
    expectFailure([url], result, { exit: 1, code: "DATABASE_FORBIDDEN", names, next: /grant/i });
    expect(result.stderr).not.toContain("--exclude-table");
  });

  test("under row-level security gets every row or fails before reading", async () => {
    const lab = await mixed("security");
    await lab.server.psql(
      "app",
      "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON guarded USING (owner = 'me');",
    );
    const url = lab.server.url("app", { name: "reader", password: "r" });
    const result = await lab.tryBackup(url);
    expectFailure(["snapshot", url], result, {
      exit: 1,
      code: "DATABASE_FORBIDDEN",
      names: "guarded",
      next: /BYPASSRLS|row.level/i,
    });
    await lab.server.psql("postgres", "ALTER ROLE reader BYPASSRLS");
    await lab.backup(url, "--name", "bypass");
    const { stdout } = await lab.world.run(["cat", "--store", lab.store, "bypass:public/guarded.copy"]);
    expect(stdout).toBe("1\tme\n2\tyou\n");
  });
});

lane("a standby", [{ postgres: 15 }], () => {
  test("gives the same backup as its primary, while the primary goes on", async () => {
    const lab = await mixed("standby");
    const standby = await startStandby(lab.server);
    await standby.caughtUp();
    const own = await roots(lab, await lab.backup("app"));
    const there = await openDatabaseWorld("on-standby", { server: standby });
    expect(await roots(there, await there.backup("app"))).toEqual(own);
    await lab.server.psql(
      "app",
      "INSERT INTO public.free SELECT n, 'new' FROM generate_series(2000, 3000) AS n",
    );
    await standby.caughtUp();
    const after = await roots(there, await there.backup("app"));
    expect(after["public/free.copy"]).not.toBe(own["public/free.copy"]);
    expect({ ...after, "public/free.copy": "" }).toEqual({ ...own, "public/free.copy": "" });
    // Nothing can be restored there, and nothing is tried.
    for (const database of ["copy", "app"]) {
      const refused = await there.tryRestore("app", database);
      const next = /primary/;
      expectFailure([database], refused, { exit: 1, code: "DATABASE_UNFIT", names: "standby", next });
      expect(refused.stderr).not.toMatch(/warning/);
    }
  });
});

const RANDOM_ROWS = LONG ? 10_000_000 : 300_000;

lane("random keys", [{ postgres: 15 }], () => {
  test(
    `are read in order without a byte of temporary files (${RANDOM_ROWS} rows)`,
    async () => {
      // Little memory for sorts: what would spill with ten million rows spills here with fewer.
      const lab = await openDatabaseWorld("random-keys", { settings: { work_mem: LONG ? "4MB" : "1MB" } });
      await lab.server.createDatabase("app");
      await lab.server.psql(
        "app",
        `CREATE TABLE by_uuid (id uuid PRIMARY KEY, t text);
       INSERT INTO by_uuid SELECT gen_random_uuid(), 'row ' || n FROM generate_series(1, ${RANDOM_ROWS}) AS n;
       VACUUM ANALYZE by_uuid; SELECT pg_stat_reset();`,
      );
      const summary = await lab.backup("app");
      expect(await temporaryBytes(lab)).toBe("0");
      // A second one has boundaries from the first.
      await lab.server.psql(
        "app",
        "UPDATE by_uuid SET t = 'new' WHERE id < '01000000-0000-0000-0000-000000000000'",
      );
      await lab.backup("app");
      expect(await temporaryBytes(lab)).toBe("0");
      const { tables } = await manifest(lab, summary);
      expect(tables[0]).toMatchObject({ order: "key", rows: RANDOM_ROWS });
    },
    LONG ? 1_800_000 : 300_000,
  );
});

async function temporaryBytes(lab: DatabaseWorld): Promise<string> {
  return await lab.server.psql("postgres", "SELECT temp_bytes FROM pg_stat_database WHERE datname = 'app'");
}

async function mixed(label: string): Promise<DatabaseWorld> {
  const lab = await openDatabaseWorld(label);
  await lab.server.psql("postgres", ROLES);
  await lab.server.createDatabase("app");
  await lab.server.psql("app", MIXED);
  return lab;
}

interface Table {
  path: string;
  root: string;
  order: string;
  rows: number;
}

async function manifest(lab: DatabaseWorld, { backup }: JsonRecord): Promise<{ tables: Table[] }> {
  const { stdout } = await lab.world.run(["cat", "--store", lab.store, `${backup}:manifest.json`]);
  return JSON.parse(stdout) as { tables: Table[] };
}

/** The content root of each table. */
async function roots(lab: DatabaseWorld, summary: JsonRecord): Promise<Record<string, string>> {
  const { tables } = await manifest(lab, summary);
  return Object.fromEntries(tables.map(({ path, root }) => [path, root]));
}
