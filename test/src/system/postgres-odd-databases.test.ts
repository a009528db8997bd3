/** Databases that are odd themselves, or hold what only a few servers know, come back as they were. */
import { expect, test } from "vitest";
import { databaseDifferences } from "../harness/compare-databases.ts";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { lane } from "../harness/lanes.ts";

const CARS = "SELECT count(*), sum(hashtext(color::text || n)::bigint) FROM car";

lane("odd databases", [{ postgres: 15 }], () => {
  test("a template, a database without any privilege, and one whose comment is in Latin 1", async () => {
    const lab = await openDatabaseWorld("odd-databases");
    await lab.server.createDatabase("odd_model");
    await lab.server.createDatabase("odd_closed");
    await lab.server.createDatabase(
      "odd_latin",
      "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    );
    await lab.server.psql(
      "postgres",
      `CREATE ROLE odd_guest; ALTER DATABASE odd_model IS_TEMPLATE true;
       GRANT CREATE ON DATABASE odd_model TO odd_guest;
       REVOKE ALL ON DATABASE odd_closed FROM PUBLIC; REVOKE ALL ON DATABASE odd_closed FROM CURRENT_USER;`,
    );
    await lab.server.psql(
      "odd_latin",
      `SET client_encoding = 'UTF8'; COMMENT ON DATABASE odd_latin IS 'für é'; ALTER DATABASE odd_latin SET my.text = 'é';`,
    );
    for (const name of ["odd_model", "odd_closed", "odd_latin"]) {
      await lab.server.psql(name, "CREATE TABLE t (id int PRIMARY KEY)");
      const { backup } = await lab.backup(name);
      await lab.restore(backup, `${name}_copy`);
      expect(await differences(lab, name, `${name}_copy`)).toEqual([]);
      // Also a template is replaced.
      await lab.restore(backup, `${name}_copy`, "--clean", "--yes");
      expect(await differences(lab, name, `${name}_copy`)).toEqual([]);
    }
    expect(await lab.databases()).toEqual(["odd_closed", "odd_closed_copy", "odd_latin", "odd_latin_copy"]);

    // A role that nothing but the database names is missed before anything is written.
    const { backup } = await lab.backup("odd_model");
    await lab.server.psql(
      "postgres",
      "REVOKE ALL ON DATABASE odd_model, odd_model_copy FROM odd_guest; DROP ROLE odd_guest",
    );
    const refused = await lab.tryRestore(backup, "odd_late");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/role odd_guest is missing/)]);
    await lab.restore(backup, "odd_late", "--no-owner", "--no-privileges");
  });

  test("one table is stored where it was, and asks for no tablespace of others", async () => {
    const lab = await openDatabaseWorld("odd-tablespaces");
    const spaces = ["odd_fast", "odd_slow"];
    for (const name of spaces)
      await lab.server.psql(
        "postgres",
        `SET allow_in_place_tablespaces = on;\nCREATE TABLESPACE ${name} LOCATION '';`,
      );
    await lab.server.createDatabase("odd_places");
    await lab.server.psql(
      "odd_places",
      `CREATE TABLE plain (id int PRIMARY KEY);
       CREATE TABLE quick (id int PRIMARY KEY USING INDEX TABLESPACE odd_slow) TABLESPACE odd_fast;
       CREATE TABLE lame (id int PRIMARY KEY) TABLESPACE odd_slow;`,
    );
    const { backup } = await lab.backup("odd_places");
    await lab.server.createDatabase("odd_other");
    await lab.restore(`${backup}:public/quick.copy`, "odd_other");
    expect(
      await lab.server.psql(
        "odd_other",
        `SELECT string_agg(concat_ws(' ', relname, spcname), ', ' ORDER BY relname)
         FROM pg_class AS c JOIN pg_tablespace AS t ON t.oid = c.reltablespace WHERE relname ~ '^quick'`,
      ),
    ).toBe("quick odd_fast, quick_pkey odd_slow");

    const gone = ["DATABASE odd_places", "DATABASE odd_other", ...spaces.map((name) => `TABLESPACE ${name}`)];
    for (const what of gone) await lab.server.psql("postgres", `DROP ${what}`);
    await lab.server.createDatabase("odd_other");
    await lab.restore(`${backup}:public/plain.copy`, "odd_other");
    const refused = await lab.tryRestore(`${backup}:public/quick.copy`, "odd_other");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/odd_fast(?:.|\n)*odd_slow/)]);
  });

  test("rows alone replace those of partitions that refer to partitions, and nothing that inherits", async () => {
    const lab = await openDatabaseWorld("odd-rows");
    await lab.server.createDatabase("odd_rows");
    await lab.server.psql(
      "odd_rows",
      `CREATE TABLE z (id int PRIMARY KEY) PARTITION BY HASH (id);
       CREATE TABLE z0 PARTITION OF z FOR VALUES WITH (MODULUS 2, REMAINDER 0);
       CREATE TABLE z1 PARTITION OF z FOR VALUES WITH (MODULUS 2, REMAINDER 1);
       CREATE TABLE a (id int PRIMARY KEY, z int REFERENCES z, a int REFERENCES a) PARTITION BY LIST (id);
       CREATE TABLE a1 PARTITION OF a FOR VALUES IN (1); CREATE TABLE a2 PARTITION OF a FOR VALUES IN (2);
       CREATE TABLE ancestor (id int PRIMARY KEY); CREATE TABLE heir (x text) INHERITS (ancestor);
       INSERT INTO z VALUES (1), (2); INSERT INTO a VALUES (1, 2, 2), (2, 1, 1);
       INSERT INTO ancestor VALUES (1); INSERT INTO heir VALUES (2, 'kept');`,
    );
    const words = ["--table", "z", "--table", "a", "--table", "ancestor", "--name", "rows"];
    const { backup } = await lab.backup("odd_rows", ...words);
    await lab.server.psql(
      "odd_rows",
      "UPDATE heir SET x = 'later'; INSERT INTO ancestor VALUES (7); DELETE FROM a",
    );
    await lab.restore(backup, "odd_rows", "--data-only", "--clean", "--yes");
    const rows = "SELECT array(SELECT (a.*)::text FROM a ORDER BY 1), array(SELECT id FROM z ORDER BY 1)";
    expect(await lab.server.psql("odd_rows", rows)).toBe('{"(1,2,2)","(2,1,1)"}|{1,2}');
    expect(await lab.server.psql("odd_rows", "SELECT id FROM ONLY ancestor")).toBe("1");
    expect(await lab.server.psql("odd_rows", "SELECT * FROM heir")).toBe("2|later");
  });

  test("checks that read other tables pass when these are there, whichever is larger", async () => {
    const lab = await openDatabaseWorld("odd-checks");
    await lab.server.createDatabase("odd_checks");
    const checks = (table: string, of: string): string =>
      `CREATE FUNCTION ${of}_has(i int) RETURNS bool LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.${of} WHERE id = i)';
       CREATE TABLE ${table} (id int PRIMARY KEY, t text, CHECK (${of}_has(id)));`;
    await lab.server.psql(
      "odd_checks",
      `CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 50);
       ${checks("b", "a")} INSERT INTO b SELECT id, repeat('b', 50000) FROM a;
       ${checks("c", "b")} INSERT INTO c SELECT id, repeat('c', 200) FROM a;
       ${checks("d", "c")} INSERT INTO d SELECT id, repeat('d', 60000) FROM a;`,
    );
    const { backup } = await lab.backup("odd_checks");
    for (const words of [[], ["--jobs", "1"]]) {
      await lab.restore(backup, "odd_checks_copy", ...words);
      expect(await differences(lab, "odd_checks", "odd_checks_copy")).toEqual([]);
      await lab.server.dropDatabase("odd_checks_copy");
    }
    // What never passes is told.
    await lab.server.psql(
      "odd_checks",
      "ALTER TABLE a ADD CHECK (id < 40) NOT VALID; UPDATE pg_constraint SET convalidated = true",
    );
    const refused = await lab.tryRestore((await lab.backup("odd_checks"))["backup"], "odd_checks_copy");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/violates check constraint/)]);
    expect(await lab.databases()).not.toContain("odd_checks_copy");
  });

  test("rows in partitions by hash of an enum find theirs, which are others in each database", async () => {
    const lab = await openDatabaseWorld("odd-enums");
    await lab.server.createDatabase("odd_enums");
    await lab.server.psql(
      "odd_enums",
      `CREATE TYPE color AS ENUM ('red', 'green', 'blue', 'black', 'white', 'grey');
       CREATE TABLE car (color color, n int) PARTITION BY RANGE (n);
       CREATE TABLE car_new PARTITION OF car FOR VALUES FROM (0) TO (1000000) PARTITION BY HASH (color);
       CREATE TABLE car_0 PARTITION OF car_new FOR VALUES WITH (MODULUS 2, REMAINDER 0);
       CREATE TABLE car_1 (n int, gone text, color color); ALTER TABLE car_1 DROP COLUMN gone;
       ALTER TABLE car_new ATTACH PARTITION car_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
       INSERT INTO car SELECT c, n FROM unnest(enum_range(NULL::color)) AS c, generate_series(1, 20000) AS n;`,
    );
    const { backup } = await lab.backup("odd_enums");
    // The numbers of its labels depend on what was made before.
    for (const into of ["odd_enums_1", "odd_enums_2"]) {
      const { code, stderr } = await lab.tryRestore(backup, into);
      expect([code, stderr]).toEqual([0, expect.stringMatching(/public\.car are counted, and not compared/)]);
      expect(await lab.server.psql(into, CARS)).toBe(await lab.server.psql("odd_enums", CARS));
    }
    await lab.server.createDatabase("odd_enums_3");
    await lab.restore(`${backup}:public/car`, "odd_enums_3");
    expect(await lab.server.psql("odd_enums_3", CARS)).toBe(await lab.server.psql("odd_enums", CARS));
  });

  test("event triggers that refuse every change come into a database that was empty", async () => {
    const lab = await openDatabaseWorld("odd-events");
    await lab.server.createDatabase("odd_events");
    await lab.server.psql(
      "odd_events",
      `CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
       CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no %'', tg_tag; END';
       CREATE EVENT TRIGGER a ON ddl_command_start EXECUTE FUNCTION refuse(); ALTER EVENT TRIGGER a ENABLE ALWAYS;
       CREATE EVENT TRIGGER b ON sql_drop EXECUTE FUNCTION refuse(); COMMENT ON EVENT TRIGGER b IS 'b';
       CREATE EVENT TRIGGER c ON sql_drop EXECUTE FUNCTION refuse(); ALTER EVENT TRIGGER c DISABLE;`,
    );
    const { backup } = await lab.backup("odd_events");
    await lab.server.createDatabase("odd_events_copy");
    await lab.restore(backup, "odd_events_copy");
    expect(await differences(lab, "odd_events", "odd_events_copy")).toEqual([]);
  });

  test("tables that the server cannot analyze are restored, and named", async () => {
    const lab = await openDatabaseWorld("odd-statistics");
    await lab.server.createDatabase("odd_shy");
    await lab.server.psql(
      "odd_shy",
      `CREATE TABLE shy (id int PRIMARY KEY, v int); INSERT INTO shy SELECT i, i FROM generate_series(1, 200) AS i;
       CREATE STATISTICS fails ON (100 / (v - 5)), id FROM shy; CREATE TABLE other (id int PRIMARY KEY);`,
    );
    const { backup } = await lab.backup("odd_shy");
    const { code, stderr } = await lab.tryRestore(backup, "odd_shy_copy");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/no statistics for public\.shy: .*division by zero/),
    ]);
    expect(await differences(lab, "odd_shy", "odd_shy_copy")).toEqual([]);
    await lab.server.createDatabase("odd_shy_part");
    await lab.restore(`${backup}:public/shy`, "odd_shy_part");
    expect(await lab.server.psql("odd_shy_part", "SELECT count(*) FROM shy")).toBe("200");
  });
});

lane("odd tables of PostgreSQL 18", [{ postgres: 18 }], () => {
  test("a unique column that holds nulls although they are forbidden from now on is no key", async () => {
    const lab = await openDatabaseWorld("odd-nulls", { version: 18 });
    await lab.server.createDatabase("odd_nulls");
    await lab.server.psql(
      "odd_nulls",
      `CREATE TABLE t (a int UNIQUE, b text);
       INSERT INTO t SELECT CASE WHEN i % 3 > 0 THEN i END, repeat('x', i % 50) FROM generate_series(1, 30000) AS i;
       ALTER TABLE t ADD CONSTRAINT later NOT NULL a NOT VALID;`,
    );
    const { backup } = await lab.backup("odd_nulls");
    const again = await lab.backup("odd_nulls");
    expect((await lab.show(again["backup"]))["ref"]).toBe((await lab.show(backup))["ref"]);
    await lab.restore(backup, "odd_nulls_copy");
    expect(await differences(lab, "odd_nulls", "odd_nulls_copy")).toEqual([]);
  });
});

async function differences({ server }: DatabaseWorld, left: string, right: string): Promise<string[]> {
  return await databaseDifferences({ server, database: left }, { server, database: right });
}
