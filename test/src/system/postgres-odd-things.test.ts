/** What few databases have: privileges that others granted, subscriptions, names without an encoding. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { lane } from "../harness/lanes.ts";

const OWN_SUBSCRIPTIONS =
  "SELECT subname FROM pg_subscription JOIN pg_database ON subdbid = pg_database.oid WHERE datname = current_database()";

lane("odd things", [{ postgres: 15 }], () => {
  test("privileges come back as from those who granted them, of one table as well; not for who may not act for others", async () => {
    const lab = await openDatabaseWorld("odd-grantors");
    await lab.server.psql(
      "postgres",
      "CREATE ROLE odd_ann LOGIN PASSWORD 'p' CREATEDB; CREATE ROLE odd_bob; CREATE ROLE odd_carl",
    );
    await lab.server.createDatabase("odd_grants");
    await lab.server.psql(
      "odd_grants",
      `CREATE TABLE t (id int PRIMARY KEY, b int); CREATE TABLE other (id int PRIMARY KEY);
       ALTER TABLE t OWNER TO odd_ann; ALTER TABLE other OWNER TO odd_ann; ALTER SCHEMA public OWNER TO odd_ann;
       GRANT SELECT ON t, other TO odd_bob WITH GRANT OPTION;
       GRANT UPDATE (b) ON t TO odd_bob WITH GRANT OPTION;
       SET ROLE odd_bob; GRANT SELECT ON t, other TO odd_carl; GRANT UPDATE (b) ON t TO odd_carl;`,
    );
    const { backup } = await lab.backup("odd_grants");
    const acl = (database: string) =>
      lab.server.psql(
        database,
        "SELECT relacl, attacl FROM pg_class AS c JOIN pg_attribute ON attrelid = c.oid AND attname = 'b' WHERE relname = 't'",
      );
    const given = await acl("odd_grants");
    expect(given).toContain("odd_carl=r/odd_bob");
    await lab.restore(backup, "odd_whole");
    await lab.server.createDatabase("odd_part");
    await lab.restore(`${backup}:public/t.copy`, "odd_part");
    for (const database of ["odd_whole", "odd_part"]) expect(await acl(database)).toBe(given);

    await lab.server.psql("odd_part", "DROP TABLE t; GRANT CREATE ON SCHEMA public TO odd_ann");
    const ann = await lab.tryRestore(
      `${backup}:public/t.copy`,
      lab.server.url("odd_part", { name: "odd_ann", password: "p" }),
    );
    expect([ann.code, ann.stderr]).toEqual([
      0,
      expect.stringMatching(/granted by the owners: only a superuser/),
    ]);
    expect(await acl("odd_part")).toContain("odd_carl=r/odd_ann");
  });

  test("a grantor who may not use the schema grants nothing there: the owner does", async () => {
    const lab = await openDatabaseWorld("odd-schema-grantors");
    await lab.server.psql("postgres", "CREATE ROLE odd_dora; CREATE ROLE odd_emil; CREATE ROLE odd_fred");
    await lab.server.createDatabase("odd_schemas");
    await lab.server.psql(
      "odd_schemas",
      `CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO odd_emil; CREATE TABLE s.t (id int PRIMARY KEY); ALTER TABLE s.t OWNER TO odd_dora;
       GRANT SELECT ON s.t TO odd_emil WITH GRANT OPTION; SET ROLE odd_emil; GRANT SELECT ON s.t TO odd_fred;`,
    );
    const { backup } = await lab.backup("odd_schemas");
    const grantorOf = async (database: string, schema = "s"): Promise<string | undefined> => {
      const acl = await lab.server.psql(
        database,
        `SELECT relacl FROM pg_class WHERE oid = '${schema}.t'::regclass`,
      );
      return /odd_fred=r\/(\w+)/.exec(acl)?.[1];
    };
    await lab.server.createDatabase("odd_there");
    for (const [selector, database, ...words] of [
      [`${backup}:s/t.copy`, "odd_there"],
      [`${backup}:s/t.copy`, "odd_there", "--to-schema", "before"],
      [`${backup}:s/t.copy`, "odd_missing"],
    ] as const) {
      const { code, stderr } = await lab.tryRestore(selector, database, words);
      expect([code, stderr]).toEqual([0, expect.stringMatching(/owners: odd_emil may not use the schema/)]);
      expect(await grantorOf(database, words[1])).toBe("odd_dora");
    }
    await lab.server.psql("odd_there", "DROP TABLE s.t; GRANT USAGE ON SCHEMA s TO odd_emil");
    const used = await lab.tryRestore(`${backup}:s/t.copy`, "odd_there");
    expect([used.code, used.stderr]).toEqual([0, expect.not.stringContaining("may not use")]);
    expect(await grantorOf("odd_there")).toBe("odd_emil");
    await lab.restore(backup, "odd_all");
    expect(await grantorOf("odd_all")).toBe("odd_emil");
  });

  test("many privileges of others come back into a database that is there", async () => {
    const lab = await openDatabaseWorld("odd-many-grantors");
    await lab.server.psql("postgres", "CREATE ROLE odd_gina; CREATE ROLE odd_hans");
    await lab.server.createDatabase("odd_many");
    await lab.server.psql(
      "odd_many",
      `DO $$ BEGIN FOR i IN 1..400 LOOP
         EXECUTE format('CREATE TABLE t%s (); GRANT SELECT ON t%s TO odd_gina WITH GRANT OPTION; SET ROLE odd_gina; GRANT SELECT ON t%s TO odd_hans; RESET ROLE', i, i, i, i);
       END LOOP; END $$;`,
    );
    const { backup } = await lab.backup("odd_many");
    await lab.server.createDatabase("odd_many_there");
    await lab.restore(backup, "odd_many_there");
    const granted = await lab.server.psql(
      "odd_many_there",
      "SELECT count(*) FROM pg_class WHERE relacl::text LIKE '%odd_hans=r/odd_gina%'",
    );
    expect(granted).toBe("400");
  });

  test("a database with a subscription is backed up and restored, and not replaced", async () => {
    const lab = await openDatabaseWorld("odd-subscription");
    await lab.server.createDatabase("odd_subscriber");
    await lab.server.psql(
      "odd_subscriber",
      `CREATE TABLE t (id int PRIMARY KEY);
       CREATE SUBSCRIPTION odd_news CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE);`,
    );
    const { backup } = await lab.backup("odd_subscriber");
    const refused = await lab.tryRestore(backup, "odd_subscriber", ["--clean", "--yes"]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/subscription odd_news.*nothing was restored/s),
    ]);
    expect(await lab.databases()).toEqual(["odd_subscriber"]);
    // Who may not make databases would drop what it holds, and fill it again.
    await lab.server.psql("odd_subscriber", "CREATE ROLE odd_plain LOGIN PASSWORD 'p'");
    const plain = await lab.tryRestore(
      backup,
      lab.server.url("odd_subscriber", { name: "odd_plain", password: "p" }),
      ["--clean", "--yes"],
    );
    expect([plain.code, plain.stderr]).toEqual([1, expect.stringMatching(/subscription odd_news/)]);

    // As a killed restore leaves it, under the name that follows from the one it was to have.
    const digest = createHash("sha256").update("odd_again").digest("hex").slice(0, 12);
    const left = `datadb_restoring_${digest}`;
    await lab.server.createDatabase(left, "TEMPLATE odd_subscriber");
    await lab.server.psql(
      left,
      "CREATE SUBSCRIPTION odd_left CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)",
    );
    await lab.restore(backup, "odd_again");
    expect(await lab.databases()).toEqual(["odd_again", "odd_subscriber"]);
    expect(await lab.server.psql("odd_again", OWN_SUBSCRIPTIONS)).toBe("odd_news");

    await lab.server.psql("odd_again", "DROP SUBSCRIPTION odd_news");
    await lab.server.psql("odd_subscriber", "DROP SUBSCRIPTION odd_news");
    await lab.restore(backup, "odd_subscriber", "--clean", "--yes");
    expect(await lab.databases()).toEqual(["odd_again", "odd_subscriber"]);
    await lab.server.psql("odd_subscriber", "DROP SUBSCRIPTION IF EXISTS odd_news");
  });

  test("an SQL_ASCII database whose names are no text is refused; with other texts it is told that psql must load it", async () => {
    const lab = await openDatabaseWorld("odd-ascii");
    await lab.server.createDatabase(
      "odd_ascii",
      "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    );
    await lab.server.psql(
      "odd_ascii",
      `CREATE TABLE t (id int PRIMARY KEY); DO $$ BEGIN EXECUTE 'COMMENT ON TABLE t IS ''' || chr(233) || ''''; END $$;`,
    );
    const told = await lab.tryBackup("odd_ascii");
    expect([told.code, told.stderr]).toEqual([
      0,
      expect.stringMatching(/definitions of .*odd_ascii are not UTF-8/),
    ]);
    await lab.server.psql(
      "odd_ascii",
      "DO $$ BEGIN EXECUTE 'ALTER TABLE t ADD c' || chr(233) || ' int'; END $$;",
    );
    const refused = await lab.tryBackup("odd_ascii");
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/names of public\.t are not UTF-8/),
    ]);
    // Neither of these asks for the column.
    await lab.server.psql("odd_ascii", "CREATE TABLE other (id int PRIMARY KEY)");
    for (const words of [["--schema-only"], ["--table", "other"], ["--exclude-table", "t"]]) {
      const { code, stderr } = await lab.tryBackup("odd_ascii", words);
      expect([code, stderr]).toEqual([0, expect.any(String)]);
    }
  });
});
