/** A backup of a database, looked at through a mount: tables are files of rows beside the definitions. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { lane } from "../harness/lanes.ts";
import { isMounted, MOUNT_NEEDS, startMount, umount } from "../harness/mount-process.ts";

const SHOP = `
  CREATE TABLE account (id int PRIMARY KEY, owner text);
  INSERT INTO account SELECT n, 'owner ' || n FROM generate_series(1, 20000) AS n;
  CREATE SCHEMA "sales of 2026";
  CREATE TABLE "sales of 2026"."line items" (id int PRIMARY KEY, "the text" text);
  INSERT INTO "sales of 2026"."line items" VALUES (1, 'one'), (2, E'tab\\there'), (3, NULL);
  CREATE TABLE "sales of 2026"."half/half 50%" (id int PRIMARY KEY);
  INSERT INTO "sales of 2026"."half/half 50%" VALUES (7);
  CREATE TABLE "sales of 2026"."none yet" (id int PRIMARY KEY);`;

lane("a mount of a database's backup", [{ postgres: 15 }, ...MOUNT_NEEDS], () => {
  test("shows tables, also those with odd names, and files that make the database again", async () => {
    const lab = await openDatabaseWorld("mount-postgres");
    await lab.server.createDatabase("shop");
    await lab.server.psql("shop", SHOP);
    const { backup } = await lab.backup("shop");
    const point = join(lab.directory, "mnt");
    const mounted = await startMount(lab.world, point, { words: ["--store", lab.store] });
    expect((await mounted.shell("cd latest/shop; find . -type f | sort")).trim().split("\n")).toEqual([
      "./globals.sql",
      "./manifest.json",
      "./public/account.copy",
      "./sales of 2026/half%2fhalf 50%25.copy",
      "./sales of 2026/line items.copy",
      "./sales of 2026/none yet.copy",
      "./schema/post-data.sql",
      "./schema/pre-data.sql",
      "./sequences.json",
    ]);
    const rows = (name: string): Promise<string> => mounted.shell(`cat 'latest/shop/sales of 2026/${name}'`);
    expect(await rows("line items.copy")).toBe("1\tone\n2\ttab\\there\n3\t\\N\n");
    expect(await rows("half%2fhalf 50%25.copy")).toBe("7\n");
    expect(await rows("none yet.copy")).toBe("");
    const { bytes } = await lab.world.run(["cat", "--store", lab.store, `${backup}:public/account.copy`]);
    expect(await mounted.shell("cat snapshots/shop/*/public/account.copy")).toBe(bytes.toString());
    expect(await mounted.shell("tail -n 1 latest/shop/public/account.copy")).toBe("20000\towner 20000\n");

    // What the files are for: programs of PostgreSQL make the database again from the mount alone.
    await lab.server.createDatabase("again");
    const server = Object.entries(lab.server.env).filter(([name]) => name.startsWith("PG"));
    const settings = server.map(([name, value]) => `${name}='${value}'`).join(" ");
    const psql = `${settings} '${lab.server.bin}/psql' -q -X -v ON_ERROR_STOP=1 -d again`;
    await mounted.shell(
      `cd latest/shop; ${psql} -f schema/pre-data.sql > /dev/null
      ${psql} -c "\\copy \\"sales of 2026\\".\\"line items\\" FROM 'sales of 2026/line items.copy'"
      ${psql} -c "\\copy public.account FROM 'public/account.copy'"
      ${psql} -f schema/post-data.sql`,
    );
    const count = `SELECT (SELECT count(*) FROM account), (SELECT count("the text") FROM "sales of 2026"."line items")`;
    expect(await lab.server.psql("again", count)).toBe("20000|2");
    expect(await umount(point)).toBe(0);
    expect(await mounted.ended).toBe(0);
    expect(isMounted(point)).toBe(false);
  });
});
