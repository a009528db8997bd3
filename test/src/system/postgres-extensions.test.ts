/** Extensions come back by CREATE EXTENSION, and with them the rows of their configuration tables that are the user's. */
import { expect, test } from "vitest";
import { databaseDifferences } from "../harness/compare-databases.ts";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { lane } from "../harness/lanes.ts";
import { postgresBin } from "../harness/postgres-programs.ts";

const CONTROL = "comment = 'configuration of a laboratory'\ndefault_version = '1.0'\nrelocatable = false\n";
const SCRIPT = `
  CREATE TABLE setting (name text PRIMARY KEY, value text, custom boolean NOT NULL DEFAULT true);
  INSERT INTO setting VALUES ('built-in', '1', false), ('default', '2', false);
  CREATE TABLE kind (id serial PRIMARY KEY, parent int REFERENCES kind, t text);
  CREATE TABLE internal (i int PRIMARY KEY);
  INSERT INTO internal VALUES (1);
  SELECT pg_catalog.pg_extension_config_dump('setting', 'WHERE custom AND name <> ''it''''s''');
  SELECT pg_catalog.pg_extension_config_dump('kind', '');
  SELECT pg_catalog.pg_extension_config_dump('kind_id_seq', '');`;
const USED = `
  CREATE SCHEMA laboratory;
  CREATE EXTENSION laboratory SCHEMA laboratory;
  INSERT INTO laboratory.setting VALUES ('mine', 'x'), ('it''s', 'left out');
  UPDATE laboratory.setting SET value = 'changed, and lost as with pg_dump' WHERE name = 'default';
  INSERT INTO laboratory.kind (parent, t) VALUES (1, 'itself'), (1, 'child'), (2, E'tab\\t');
  GRANT SELECT ON laboratory.setting TO PUBLIC;
  CREATE TABLE mine (kind int REFERENCES laboratory.kind);
  INSERT INTO mine VALUES (3);`;

// Installed only: an extension of the test's own cannot be added to packages that are merely unpacked.
const installed = postgresBin(15)?.startsWith("/usr/lib/") === true;
if (!installed) console.warn("SKIPPED: configuration tables of extensions need an installed PostgreSQL 15");

lane("an extension", [{ postgres: 15 }], () => {
  test.skipIf(!installed)(
    "keeps what is the user's in its configuration tables, as with pg_dump",
    async () => {
      const extensions = { "laboratory.control": CONTROL, "laboratory--1.0.sql": SCRIPT };
      const lab = await openDatabaseWorld("extensions", { extensions });
      await lab.server.createDatabase("lab_source");
      await lab.server.psql("lab_source", USED);
      const { backup } = await lab.backup("lab_source");
      await lab.restore(backup, "lab_copy");
      const { server } = lab;
      const copy = { server, database: "lab_copy" };
      expect(await databaseDifferences({ server, database: "lab_source" }, copy)).toEqual([]);
      const rows = await lab.server.psql("lab_copy", "SELECT name, value FROM laboratory.setting ORDER BY 1");
      expect(rows).toBe("built-in|1\ndefault|2\nmine|x");
      expect(await lab.server.psql("lab_copy", "SELECT count(*) FROM laboratory.internal")).toBe("1");
      expect(await lab.server.psql("lab_copy", "SELECT nextval('laboratory.kind_id_seq')")).toBe("4");
    },
  );

  test("comes with one table that needs it, in a schema that has nothing else", async () => {
    const lab = await openDatabaseWorld("extension-home");
    await lab.server.createDatabase("home_source");
    await lab.server.psql(
      "home_source",
      `CREATE SCHEMA home; CREATE EXTENSION cube SCHEMA home; CREATE TABLE t (id int PRIMARY KEY, c home.cube);
       INSERT INTO t VALUES (1, home.cube(2));`,
    );
    const { backup } = await lab.backup("home_source");
    await lab.server.createDatabase("home_part");
    await lab.restore(`${backup}:public/t.copy`, "home_part");
    expect(await lab.server.psql("home_part", "SELECT * FROM t")).toBe("1|(2)");
  });
});
