/**
 * A database with everything that dumps have lost before comes back as it was: pg_dump says the same of both, every
 * sequence goes on, and a backup of the copy has the same content.
 */
import { expect, test } from "vitest";
import { databaseDifferences } from "../harness/compare-databases.ts";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { growDatabase, growRoles } from "../harness/grow-database.ts";
import { lane } from "../harness/lanes.ts";
import type { Postgres } from "../harness/postgres.ts";
import { startPostgres } from "../harness/postgres.ts";
import type { PostgresVersion } from "../harness/postgres-programs.ts";

const SOURCE = 'lab "source"/%2F';
const COPY = "lab copy = \\ ''";

for (const version of [15, 17, 18] as const satisfies readonly PostgresVersion[]) {
  lane(`PostgreSQL ${version}`, [{ postgres: version }], () => {
    test("a copy on the same server is identical, and every sequence goes on", async () => {
      const lab = await openDatabaseWorld(`exact-${version}`, { version });
      await growRoles(lab.server);
      await growDatabase(lab.server, SOURCE);
      const backup = await lab.backup(SOURCE);
      await lab.restore(backup["backup"], COPY);
      const [source, copy] = [placeOf(lab.server, SOURCE), placeOf(lab.server, COPY)];
      expect(await databaseDifferences(source, copy)).toEqual([]);
      expect(await tableRoots(lab, COPY)).toEqual(await tableRoots(lab, SOURCE));
      expect(await nextValues(lab.server, COPY)).toEqual(await nextValues(lab.server, SOURCE));
    });
  });
}

lane("another server", [{ postgres: 15 }], () => {
  test("has the roles after globals.sql, and then an identical copy", async () => {
    const lab = await openDatabaseWorld("exact-other");
    await growRoles(lab.server);
    await growDatabase(lab.server, SOURCE);
    const { backup } = await lab.backup(SOURCE);
    const other = await startPostgres();
    const there = { env: { ...other.env } };
    const words = ["restore", "--store", lab.store, backup, "postgres:///lab_other_copy", "--json"];
    const refused = await lab.world.run(words, there);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/lab_owner/);
    expect(refused.stderr).toMatch(/lab_reader/);
    expect(refused.stderr).toMatch(/lab odd "role/);
    expect(await databaseNames(other)).not.toContain("copy");

    const globals = await lab.world.run(["cat", "--store", lab.store, `${backup}:globals.sql`]);
    // The superuser is there already, as on every other server.
    const statements = globals.stdout.replaceAll(
      /^CREATE ROLE "?(admin|root|\w+)"?;$/gm,
      (line, name: string) =>
        name === "admin" || name === process.env["USER"] || name === "root" ? "" : line,
    );
    await other.psql("postgres", statements);
    await lab.world.summary(words.slice(0, -1), there);
    expect(await databaseDifferences(placeOf(lab.server, SOURCE), placeOf(other, "lab_other_copy"))).toEqual(
      [],
    );
  });
});

function placeOf(server: Postgres, database: string): { server: Postgres; database: string } {
  return { server, database };
}

/** The content root of each table, as the manifest of a new backup has it. */
async function tableRoots(lab: DatabaseWorld, database: string): Promise<Record<string, string>> {
  const { backup } = await lab.backup(database);
  const { stdout } = await lab.world.run(["cat", "--store", lab.store, `${backup}:manifest.json`]);
  const manifest = JSON.parse(stdout) as { tables: { path: string; order: string; root: string }[] };
  // Without a key the order is the heap's, which need not be the same.
  const keyed = manifest.tables.filter((table) => table.order === "key");
  expect(keyed.length).toBeGreaterThan(30);
  return Object.fromEntries(keyed.map((table) => [table.path, table.root]));
}

/** What nextval answers for every sequence, errors included. */
async function nextValues(server: Postgres, database: string): Promise<string> {
  const { code, stderr } = await server.tryPsql(database, NEXT_VALUES);
  expect(code, stderr).toBe(0);
  expect(stderr.match(/NOTICE/g)?.length).toBe(12);
  return stderr;
}

const NEXT_VALUES = `
  SET default_transaction_read_only = off; SET statement_timeout = 0;
  DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT format('%I.%I', schemaname, sequencename) AS name FROM pg_sequences ORDER BY 1 LOOP
      BEGIN RAISE NOTICE '% %', one.name, nextval(one.name);
      EXCEPTION WHEN OTHERS THEN RAISE NOTICE '% %', one.name, SQLERRM; END;
    END LOOP;
  END $$;`;

async function databaseNames(server: Postgres): Promise<string> {
  return await server.psql("postgres", "SELECT datname FROM pg_database");
}
