/** Databases whose owner means harm: nothing is given away. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { lane } from "../harness/lanes.ts";

/** Functions and an operator in the place of the server's, which write a file at the server when a superuser calls them. */
const traps = (file: string): string => `
  CREATE SCHEMA traps; GRANT USAGE ON SCHEMA traps TO PUBLIC;
  CREATE FUNCTION traps.spring() RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN COPY (SELECT 1) TO '${file}'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
  CREATE FUNCTION traps.current_setting(text) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM traps.spring(); RETURN pg_catalog.current_setting($1); END $$;
  CREATE FUNCTION traps.set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM traps.spring(); RETURN pg_catalog.set_config($1, $2, $3); END $$;
  CREATE FUNCTION traps.less(int, int) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN PERFORM traps.spring(); RETURN $1 OPERATOR(pg_catalog.<) $2; END $$;
  CREATE OPERATOR traps.< (LEFTARG = int, RIGHTARG = int, FUNCTION = traps.less);
  CREATE TABLE traps.bait (id int PRIMARY KEY);
  INSERT INTO traps.bait VALUES (1), (2), (3);
  ALTER DATABASE app SET search_path = traps, pg_catalog;`;

lane("an owner who means harm", [{ postgres: 15 }], () => {
  test("has no function and no operator of his called by a superuser who backs up or restores", async () => {
    const lab = await openDatabaseWorld("traps");
    await lab.server.psql("postgres", "CREATE ROLE mallory LOGIN PASSWORD 'm'");
    await lab.server.createDatabase("app", "OWNER mallory");
    const file = join(lab.server.socketDirectory, "sprung");
    await lab.server.psql("app", traps(file), { env: { PGUSER: "mallory", PGPASSWORD: "m" } });
    const whole = await lab.backup("app");
    expect(existsSync(file)).toBe(false);
    const chosen = await lab.backup("app", "--where", "bait=id < 3", "--name", "chosen");
    expect(existsSync(file)).toBe(false);
    await lab.restore(`${chosen["backup"]}:traps/bait`, "app", "--rename", "again");
    await lab.restore(whole["backup"], "app", "--clean", "--yes");
    expect(existsSync(file)).toBe(false);
    // The traps are good ones.
    await lab.server.psql("app", "SELECT id < 3 FROM bait");
    expect(existsSync(file)).toBe(true);
  });
});
