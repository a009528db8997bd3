/** Restores into databases that are there: a table, a schema, rows; replaced databases; ends by signals, and the run after. */
import type { ChildProcess } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { type CommandResult, describeResult, type JsonRecord, openWorld } from "../harness/command.ts";
import { databaseDifferences } from "../harness/compare-databases.ts";
import { startCuttingProxy } from "../harness/cutting-proxy.ts";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { growDatabase, growRoles } from "../harness/grow-database.ts";
import { lane } from "../harness/lanes.ts";
import { type Postgres, startPostgres } from "../harness/postgres.ts";
import type { RunOptions } from "../harness/run-program.ts";
import { scratch } from "../harness/scratch.ts";
import { startServer } from "../harness/server-process.ts";
import { waitFor } from "../harness/wait-for.ts";

lane("restore into PostgreSQL", [{ postgres: 15 }], () => {
  let open: Place;
  beforeAll(async () => {
    open = openPlace(await startPostgres());
    await growRoles(open.server);
    await growDatabase(open.server, "grown");
    await open.backup("grown");
  });

  describe("a part", () => {
    test("a table comes with what it needs, once, and under another name", async () => {
      const { server, restore, tryRestore } = open;
      await server.createDatabase("parts");
      expect(await restore("grown:objects/account", "parts")).toMatchObject({ tables: 1, rows: 300 });
      const again = await tryRestore("grown:objects/account.copy", "parts");
      expect(again.code).toBe(1);
      expect(again.stderr).toContain("already has objects.account");
      await restore("grown:objects/account", "parts", "--rename", "konto");
      await restore("grown:shapes/animal", "parts", "--to-schema", "zoo");
      await restore("grown:shapes/measured", "parts");
      const counts = `SELECT (SELECT count(*) FROM objects.konto), (SELECT count(*) FROM zoo.animal), (SELECT count(*) FROM shapes.measured),
        pg_get_serial_sequence('zoo.animal', 'id'), to_regclass('objects.konto_pkey') IS NOT NULL, to_regclass('shapes.bird')`;
      expect(await server.psql("parts", counts)).toBe("300|20|2004|zoo.animal_id_seq|t|");
      // Rows loaded with FREEZE are visible to all at once: ANALYZE counts their pages.
      const frozen = "SELECT relallvisible > 0 FROM pg_class WHERE oid = 'objects.konto'::regclass";
      expect(await server.psql("parts", frozen)).toBe("t");
      await server.psql("parts", "INSERT INTO zoo.animal (name) VALUES ('new')");
    });

    test("of a server elsewhere downloads nothing else: neither other tables nor large objects", async () => {
      const lab = await openDatabaseWorld("postgres-part", { server: open.server });
      await lab.server.createDatabase("sized");
      await lab.server.psql("sized", SIZED);
      const { size } = await lab.backup("sized");
      expect(size).toBeGreaterThan(15e6);
      const server = await startServer(lab.world, lab.store);
      const proxy = await startCuttingProxy({ port: server.port }, () => Number.POSITIVE_INFINITY);
      const downloaded = async (path: string, database: string): Promise<number> => {
        const before = proxy.received();
        const words = ["restore", "--server", proxy.url, `sized:${path}`, `postgres:///${database}`];
        expect(await lab.world.summary(words)).toMatchObject({ tables: 1 });
        return proxy.received() - before;
      };
      await lab.server.createDatabase("sized_parts");
      const small = [
        await downloaded("public/small.copy", "sized_parts"),
        await downloaded("public/small", "sized_new"),
      ];
      const large = await downloaded("public/large", "sized_parts");
      console.info(`of ${size} bytes: a small table took ${small.join(", ")} bytes, a large one ${large}`);
      // Definitions and nodes are far below; a tenth of the next smallest table is above.
      expect(Math.max(...small)).toBeLessThan(300_000);
      expect(large).toBeGreaterThan(5e6);
      for (const database of ["sized_parts", "sized_new"])
        expect(await lab.server.psql(database, "SELECT count(*), sum(id) FROM small")).toBe("300|45150");
      expect(await lab.server.psql("sized_new", "SELECT count(*) FROM pg_largeobject_metadata")).toBe("0");
      await proxy.close();
      await server.stop();
    });

    test("a part that fails leaves nothing", async () => {
      const { server, tryRestore } = open;
      await server.createDatabase("failing");
      await server.psql(
        "failing",
        "CREATE SCHEMA shapes; CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS " +
          "$$ BEGIN RAISE 'no index here'; END $$; CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION f()",
      );
      const failed = await tryRestore("grown:shapes/keyed_twice", "failing");
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain("no index here");
      expect(await server.psql("failing", "SELECT to_regclass('shapes.keyed_twice')")).toBe("");
    });

    test("rows alone go in the order of foreign keys, through circles, which are as before then", async () => {
      const { server, restore, tryRestore } = open;
      await server.createDatabase("rows");
      const schema =
        "CREATE SCHEMA shapes; CREATE TABLE shapes.employee (id int PRIMARY KEY, boss int REFERENCES shapes.employee, department int NOT NULL);" +
        "CREATE TABLE shapes.department (id int PRIMARY KEY, head int NOT NULL REFERENCES shapes.employee);" +
        "ALTER TABLE shapes.employee ADD CONSTRAINT works FOREIGN KEY (department) REFERENCES shapes.department;" +
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a trigger ran'; END $$;" +
        "CREATE TRIGGER t BEFORE INSERT ON shapes.employee FOR EACH ROW EXECUTE FUNCTION stop();";
      await server.psql("rows", schema);
      await open.backup(
        "grown",
        "--table",
        "shapes.employee",
        "--table",
        "shapes.department",
        "--name",
        "pair",
      );
      expect(await restore("pair", "rows", "--data-only")).toMatchObject({ tables: 2, rows: 55 });
      const state =
        "SELECT (SELECT count(*) FROM shapes.employee), (SELECT count(*) FROM pg_constraint WHERE condeferrable), " +
        "(SELECT tgenabled FROM pg_trigger WHERE tgname = 't')";
      expect(await server.psql("rows", state)).toBe("50|0|O");
      const again = await tryRestore("pair", "rows", ["--data-only"]);
      expect(again.stderr).toMatch(/holds rows/);
      await restore("pair", "rows", "--data-only", "--clean", "--yes");
      expect(await server.psql("rows", state)).toBe("50|0|O");
    });
  });

  test("a database with objects is refused, then replaced; an empty one keeps what it is", async () => {
    const { server, restore, tryRestore, unfinished } = open;
    await server.createDatabase("taken");
    await server.psql("taken", "CREATE TABLE mine ()");
    const refused = await tryRestore("grown", "taken");
    expect(refused.stderr).toContain("taken is not empty");
    expect((await tryRestore("grown", "taken", ["--clean"])).code).toBe(2);
    await restore("grown", "taken", "--clean", "--yes");
    expect(await databaseDifferences({ server, database: "grown" }, { server, database: "taken" })).toEqual(
      [],
    );
    await server.createDatabase("ready", "OWNER lab_reader");
    expect(await restore("grown", "ready")).toMatchObject({ created: false, verified: expect.any(Number) });
    const owner =
      "SELECT pg_get_userbyid(datdba), to_regnamespace('datadb_restore') FROM pg_database WHERE datname = 'ready'";
    expect(await server.psql("ready", owner)).toBe("lab_reader|");
    expect(await unfinished()).toEqual([]);
  });

  test("what the server lacks is listed together, and nothing is written", async () => {
    const other = await startPostgres();
    const { code, stderr } = await open.tryRestore("grown", other.url("elsewhere"));
    expect(code).toBe(1);
    for (const role of ["lab_owner", "lab_reader", 'lab odd "role'])
      expect(stderr).toContain(`role ${role} is missing`);
    expect(await other.psql("postgres", "SELECT count(*) FROM pg_database")).toBe("3");
    await other.stop();
  });

  test.each(["SIGINT", "SIGKILL"] as const)(
    "ended by %s, what it made has no name, and the next run leaves nothing of it",
    async (signal) => {
      const { server, tryRestore, restore, unfinished } = open;
      for (const database of ["fresh", "was_empty"]) {
        if (database === "was_empty") await server.createDatabase(database);
        let child: ChildProcess | undefined;
        const running = tryRestore("grown", database, [], { started: (started) => (child = started) });
        await waitFor("the unfinished database", async () => (await unfinished()).length > 0);
        child?.kill(signal);
        const { code } = await running;
        expect(code).toBe(signal === "SIGINT" ? 130 : null);
        const there = `SELECT count(*) FROM pg_database WHERE datname = '${database}'`;
        if (signal === "SIGKILL") expect(await server.psql("postgres", there)).toBe("0");
        else expect(await unfinished()).toEqual([]);
        await restore("grown", database);
        expect(await unfinished()).toEqual([]);
        await server.dropDatabase(database);
      }
    },
  );
});

/** A small table that a large one refers to, between large ones. */
const SIZED = `
  CREATE TABLE small (id int PRIMARY KEY, t text);
  INSERT INTO small SELECT n, 'name ' || n FROM generate_series(1, 300) AS n;
  CREATE TABLE before (id int PRIMARY KEY, t text);
  INSERT INTO before SELECT n, md5(n::text) || md5((-n)::text) FROM generate_series(1, 60000) AS n;
  CREATE TABLE large (id int PRIMARY KEY, small int REFERENCES small, t text);
  INSERT INTO large SELECT n, 1 + n % 300, md5(n::text) || md5((n + 0.5)::text) || md5((-n)::text) FROM generate_series(1, 100000) AS n;
  SELECT lo_from_bytea(77, string_agg(decode(md5(n::text), 'hex'), '')) FROM generate_series(1, 60000) AS n;
  ANALYZE;`;

interface Place {
  server: Postgres;
  backup(database: string, ...words: string[]): Promise<JsonRecord>;
  restore(selector: string, database: string, ...words: string[]): Promise<JsonRecord>;
  tryRestore(
    selector: string,
    database: string,
    words?: readonly string[],
    options?: RunOptions,
  ): Promise<CommandResult>;
  /** Databases that a restore has not finished. */
  unfinished(): Promise<string[]>;
}

function openPlace(server: Postgres): Place {
  const world = openWorld(scratch("postgres-restore"));
  const store = ["--store", `${world.home}/store`];
  const env = { ...server.env, PATH: `${server.bin}:${process.env["PATH"]}` };
  const url = (database: string): string =>
    database.includes(":") ? database : `postgres:///${encodeURIComponent(database)}`;
  const tryRestore: Place["tryRestore"] = (selector, database, words = [], options = {}) =>
    world.run(["restore", ...store, selector, url(database), ...words, "--json"], { ...options, env });
  return {
    server,
    tryRestore,
    backup: (database, ...words) => world.summary(["snapshot", ...store, url(database), ...words], { env }),
    restore: async (selector, database, ...words) => {
      const result = await tryRestore(selector, database, words);
      expect(result.code, describeResult(["restore", selector, database], result)).toBe(0);
      return JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "") as JsonRecord;
    },
    unfinished: async () => {
      const sql = "SELECT datname FROM pg_database WHERE datname LIKE 'datadb\\_%'";
      return (await server.psql("postgres", sql)).split("\n").filter((name) => name !== "");
    },
  };
}
