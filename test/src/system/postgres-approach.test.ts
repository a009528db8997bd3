/** A database is connected to while its store is opened: whatever comes of the store, its error is told, and no session is left. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { approachDatabase, openStore, snapshot } from "datadb";
import { beforeAll, expect, test } from "vitest";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { freePort } from "../harness/free-port.ts";
import { lane } from "../harness/lanes.ts";
import { waitFor } from "../harness/wait-for.ts";

const SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'datadb%'";

lane("the approach to a database", [{ postgres: 15 }], () => {
  let lab: DatabaseWorld;
  const sessions = async (): Promise<number> => Number(await lab.server.psql("postgres", SESSIONS));
  const sessionsToBe = (count: number): Promise<unknown> =>
    waitFor(`${count} sessions`, async () => ((await sessions()) === count ? true : null));

  beforeAll(async () => {
    lab = await openDatabaseWorld("approach");
    await lab.server.createDatabase("app");
    await lab.server.psql("app", "CREATE TABLE t AS SELECT n FROM generate_series(1, 1000) AS n");
  });

  test.each(["there", "away"])("tells what is wrong with the store, the server being %s", async (server) => {
    const directory = join(lab.directory, `no-store-${server}`);
    mkdirSync(directory);
    writeFileSync(join(directory, "letter"), "");
    const url = server === "there" ? lab.server.url("app") : `postgres://127.0.0.1:${await freePort()}/app`;
    const words = ["snapshot", "--store", directory, url];
    const result = await lab.world.run(words);
    expectFailure(words, result, { exit: 1, names: "letter", next: /empty directory/ });
    expect(result.stderr).not.toMatch(/connect|server/);
    await sessionsToBe(0);
  });

  test("warns once of a password in the URL", async () => {
    const { stderr } = await lab.tryBackup(lab.server.url("app"));
    expect(stderr.match(/PGPASSWORD/g)).toHaveLength(1);
  });

  test("closes what nobody took, and what a snapshot took", async () => {
    const source = { postgres: lab.server.url("app") };
    const untaken = approachDatabase(source);
    await sessionsToBe(2);
    untaken?.end();
    await sessionsToBe(0);

    const abrupt = approachDatabase(source);
    abrupt?.end();
    await using store = await openStore(join(lab.directory, "program"), { create: true });
    const approach = approachDatabase(source);
    await sessionsToBe(2);
    const { complete } = await snapshot(store, source, approach ? { approach } : {});
    expect(complete).toBe(true);
    approach?.end();
    await sessionsToBe(0);
  });

  test("that the server ended while the store was waited for is made anew", async () => {
    const source = { postgres: lab.server.url("app") };
    await using store = await openStore(join(lab.directory, "ended"), { create: true });
    const approach = approachDatabase(source);
    await sessionsToBe(2);
    // Until its last question is answered an approach fails as any snapshot does.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await lab.server.psql(
      "postgres",
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'datadb%'",
    );
    await sessionsToBe(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { complete } = await snapshot(store, source, approach ? { approach } : {});
    expect(complete).toBe(true);
    approach?.end();
    await sessionsToBe(0);
  });

  test("is closed where the snapshot is interrupted before it looks at the database, and while it does", async () => {
    const source = { postgres: lab.server.url("app") };
    await using store = await openStore(join(lab.directory, "interrupted"), { create: true });
    for (const ms of [0, 5, 20, 40, 80]) {
      const approach = approachDatabase(source);
      const signal = AbortSignal.timeout(ms);
      const options = { signal, jobs: 2, ...(approach ? { approach } : {}) };
      await snapshot(store, source, options).catch(() => {});
      approach?.end();
      await sessionsToBe(0);
    }
  });
});
