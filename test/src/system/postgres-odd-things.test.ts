/** What few databases have: privileges that others granted, subscriptions, names without an encoding. */
import { expect, test } from "vitest";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { lane } from "../harness/lanes.ts";

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
      expect.stringMatching(/granted by odd_ann: only a superuser/),
    ]);
    expect(await acl("odd_part")).toContain("odd_carl=r/odd_ann");
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
    await lab.server.psql("odd_subscriber", "DROP SUBSCRIPTION odd_news");
    await lab.restore(backup, "odd_subscriber", "--clean", "--yes");
    expect(await lab.databases()).toEqual(["odd_subscriber"]);
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
  });
});
