/** The harness with PostgreSQL servers: they start, can be reached in every way, killed, and followed. */
import { describe, expect, test } from "vitest";
import { lane } from "./lanes.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import type { PostgresVersion } from "./postgres-programs.ts";
import { startStandby } from "./postgres-standby.ts";
import { mustRun } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

const VERSIONS: readonly PostgresVersion[] = [15, 17, 18];

describe.each(VERSIONS)("PostgreSQL", (version) => {
  lane(`${version}`, [{ postgres: version }], () => {
    test("starts, answers by password and by socket, and survives kills", async () => {
      const server = await startPostgres({ version });
      await server.createDatabase('a "b" c/d');
      const sql = "CREATE TABLE t (i int); INSERT INTO t VALUES (1), (2); SELECT sum(i) FROM t;";
      expect(await server.psql('a "b" c/d', sql)).toBe("3");
      expect(await server.psql("postgres", "SHOW server_version_num")).toMatch(new RegExp(`^${version}`));
      const byUrl = [
        `${server.bin}/psql`,
        ["-XAtc", "SELECT sum(i) FROM t", server.url('a "b" c/d')],
      ] as const;
      expect((await mustRun(...byUrl)).toString()).toBe("3\n");
      const socket = [
        "-XAtc",
        "SELECT 1",
        "-h",
        server.socketDirectory,
        "-p",
        String(server.port),
        "postgres",
      ];
      expect((await mustRun(`${server.bin}/psql`, socket)).toString()).toBe("1\n");

      const sleeping = server.tryPsql("postgres", "SELECT pg_sleep(1000)");
      server.killBackend(await backendOf(server, "pg_sleep"));
      expect((await sleeping).code).not.toBe(0);
      await waitFor("recovery", async () => (await server.tryPsql("postgres", "SELECT 1")).code === 0);
      await server.killPostmaster();
      expect((await server.tryPsql("postgres", "SELECT 1")).code).not.toBe(0);
      await server.start();
      expect(await server.psql('a "b" c/d', "SELECT count(*) FROM t")).toBe("2");
      await server.stop();
    });
  });
});

lane("a standby", [{ postgres: 15 }], () => {
  test("follows", async () => {
    const primary = await startPostgres();
    const standby = await startStandby(primary);
    await primary.psql("postgres", "CREATE TABLE t AS SELECT generate_series(1, 1000) AS i");
    await standby.caughtUp();
    expect(await standby.psql("postgres", "SELECT count(*), pg_is_in_recovery() FROM t")).toBe("1000|t");
  });
});

function backendOf(server: Postgres, query: string): Promise<number> {
  const sql = `SELECT pid FROM pg_stat_activity WHERE query LIKE '%${query}%' AND pid <> pg_backend_pid()`;
  return waitFor("the backend", async () => Number(await server.psql("postgres", sql)) || null);
}
